"""
The values of results, in Xray's words, without input or output.
"""
