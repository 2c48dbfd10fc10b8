"""
The steps of a delivery; ``exactly_once`` takes them.
"""

from __future__ import annotations

import enum


# Requests that may create a Test Execution, until the upload ends as ambiguous.
ATTEMPTS = 3


class Step(enum.Enum):
    """What a delivery does next."""

    BEGIN = "choose the first step, by the notes of earlier uploads"
    ASK_OTHERS = "search for a Test Execution that another machine has created"
    LOOK_BACK = "search for one that an earlier upload has created"
    CREATE = "create it, with the results"
    MAKE = "create an empty one, which is quick"
    LOOK_UP = "search for the one of the request whose answer was lost"
    SEE = "wait until the search shows the empty one, and so all older ones"
    NOTE_KEY = "note the key of the created one"
    FILL_REST = "send the rest that the creating request cannot hold"
    FILL = "send the results into the existing one"
