"""
Quarantine: known failures that do not change the exit code of a run.
"""
