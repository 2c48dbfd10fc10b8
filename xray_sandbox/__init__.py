"""
A stand-in for Xray and Jira on this machine.

It answers the endpoints that Xray documents for Server / Data Center and for
Cloud, and refuses the requests that they are known to refuse. It shares no code
with the client: it is a second, independent implementation of the manuals.
"""

from __future__ import annotations

from xray_sandbox.errors import DataError
from xray_sandbox.store.demo import seed_demo
from xray_sandbox.store.rows import (
    EvidenceRow,
    IterationRow,
    PartRow,
    RequestRow,
    StepRow,
    TestExecutionRow,
    TestRow,
    TestRunRow,
)
from xray_sandbox.store.store import Store
from xray_sandbox.web.answers import AnswersError
from xray_sandbox.web.app import create_app
from xray_sandbox.web.auth import CREDENTIALS, Credentials
from xray_sandbox.web.serve import RunningSandbox, running


__all__ = [
    "CREDENTIALS",
    "AnswersError",
    "Credentials",
    "DataError",
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
