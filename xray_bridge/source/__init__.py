"""
Users' code: where its tests are, and how to write Test keys into it.
"""
