"""
Report formats: what each can carry, and how to write and read it.
"""
