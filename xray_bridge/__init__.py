"""
Test results from pytest and behave into Xray Test Management for Jira.

The package knows neither pytest nor behave; their adapters are
``pytest_xray_bridge`` and ``behave_xray_bridge``.
"""

__version__ = "0.1.0"
