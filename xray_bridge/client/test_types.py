"""
Which Tests belong to scenarios: by their Test Type.

Administrators add Test Types and rename them; each is of a kind, which Xray Cloud tells
and Xray Server does not. So an unknown name on Server tells nothing.
Sources: Xray's manuals, "Global Settings: Test Types" of Cloud (three versions of the
page have other words for the kinds), and "Manage Test Types" of Data Center.
"""

from __future__ import annotations


GENERIC, CUCUMBER = "Generic", "Cucumber"
SCENARIOS = frozenset({"gherkin", "cucumber"})
OTHERS = frozenset({"manual", "generic", "steps", "unstructured"})


def is_for_scenarios(*words: str) -> bool | None:
    """
    Whether a Test Type is for scenarios; None if nobody knows.

    ``words`` are its kind, if that is known, and its name; the first known one decides.
    """
    for word in map(str.casefold, words):
        if word in SCENARIOS or word in OTHERS:
            return word in SCENARIOS
    return None
