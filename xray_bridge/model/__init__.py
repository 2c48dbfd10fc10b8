"""
What is known of results, in Xray's words: values, and no input or output.
"""
