"""
The parts of a CI run as objects in a bucket, and the claim of the job that sends them.
"""
