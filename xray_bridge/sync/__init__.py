"""
Tests in Xray that follow the code: made, changed and moved as the code is.
"""
