"""
What the sandbox keeps: issues, Test Runs and evidence in SQLite.
"""
