"""
Results into Xray, exactly once.
"""
