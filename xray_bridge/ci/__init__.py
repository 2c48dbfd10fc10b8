"""
The CI system around a run: which it is, what it gets back, its configuration.
"""
