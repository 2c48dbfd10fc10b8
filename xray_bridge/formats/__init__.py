"""
Report formats: what each can hold, and how to write, read and convert it.
"""
