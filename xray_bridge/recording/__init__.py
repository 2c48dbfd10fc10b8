"""
What may run in the process of the tests.
"""
