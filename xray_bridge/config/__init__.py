"""
Settings, secrets and stored connections: several sources, one value.
"""
