"""
Xray and Jira over HTTP: the only room that knows a URL.
"""
