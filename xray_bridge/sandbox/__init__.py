"""
A stand-in for Xray and Jira on this machine.

It answers the endpoints that Xray documents for Server / Data Center and for
Cloud, and refuses what they are known to refuse. It shares no code with the
client: it is a second, independent reading of the manuals.
"""

from __future__ import annotations

from xray_bridge.sandbox.app import create_app
from xray_bridge.sandbox.auth import CREDENTIALS, Credentials
from xray_bridge.sandbox.demo import seed_demo
from xray_bridge.sandbox.rows import (
    EvidenceRow,
    IterationRow,
    PartRow,
    RequestRow,
    StepRow,
    TestExecutionRow,
    TestRow,
    TestRunRow,
)
from xray_bridge.sandbox.serve import RunningSandbox, running
from xray_bridge.sandbox.store import Store


__all__ = [
    "CREDENTIALS",
    "Credentials",
    "EvidenceRow",
    "IterationRow",
    "PartRow",
    "RequestRow",
    "RunningSandbox",
    "StepRow",
    "Store",
    "TestExecutionRow",
    "TestRow",
    "TestRunRow",
    "create_app",
    "running",
    "seed_demo",
]
