"""
The CI system of a run: detect it, give it the results, write its configuration.
"""
