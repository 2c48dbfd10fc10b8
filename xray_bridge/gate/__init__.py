"""
The gate: rules about a run, with an exit code of their own.
"""
