"""
The code that may run in the process of the tests.
"""
