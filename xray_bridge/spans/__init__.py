"""
The results of a session as spans of OpenTelemetry.
"""
