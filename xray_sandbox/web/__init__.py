"""
The sandbox's HTTP interfaces: Server, Cloud, Jira, and its pages.
"""
