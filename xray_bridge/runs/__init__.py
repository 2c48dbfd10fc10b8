"""
Run directories: written, read, merged, listed.
"""
