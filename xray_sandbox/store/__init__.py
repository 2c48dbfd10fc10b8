"""
The data of the sandbox: issues, Test Runs and evidence, in SQLite.
"""
