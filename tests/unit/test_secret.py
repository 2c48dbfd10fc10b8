"""Secrets that cannot be printed, and texts that cannot contain them."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from dataclasses import asdict, dataclass
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_bridge.secret import MASK, Redactor, Secret


ODD = 'p"a\\s/s w%rd+äß\U0001f600'


@dataclass
class Holder:
    """Something that has a secret among its fields."""

    secret: Secret


@pytest.mark.parametrize("spell", [str, repr, "{}".format, lambda s: f"{s!r:>20}"])
def test_secret_is_not_shown(spell: object) -> None:
    """However it is formatted, the value does not appear."""
    assert callable(spell)

    assert "hunter22" not in spell(Secret("hunter22"))


@pytest.mark.parametrize("leak", [pickle.dumps, json.dumps, copy.deepcopy])
def test_secret_is_not_carried_away(leak: object) -> None:
    """Neither pickled nor serialized nor copied by accident."""
    assert callable(leak)

    with pytest.raises(TypeError):
        leak(Secret("hunter22"))


def test_secret_is_not_unfolded_with_its_holder() -> None:
    """``asdict`` copies deeply, and so fails instead of leaking."""
    with pytest.raises(TypeError):
        asdict(Holder(Secret("hunter22")))


def test_secret_reveals_itself_on_demand_only() -> None:
    """There is one way to the value."""
    assert Secret("hunter22").reveal() == "hunter22"


def test_secrets_compare_by_value() -> None:
    """Equal, hashable, false when empty, and never equal to a text."""
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret("a") != "a"


@pytest.mark.parametrize(
    "form",
    [
        ODD,
        quote(ODD),
        quote(ODD, safe=""),
        quote_plus(ODD),
        json.dumps(ODD),
        json.dumps(ODD, ensure_ascii=False),
        base64.b64encode(ODD.encode()).decode(),
    ],
    ids=["raw", "url", "url, all", "form", "JSON", "JSON, UTF-8", "base64"],
)
def test_redactor_knows_each_form(form: str) -> None:
    """Raw, URL-encoded, JSON-escaped, base64."""
    cleaned = Redactor([Secret(ODD)]).clean(f"before {form} after")

    assert cleaned.replace('"', "") == f"before {MASK} after"


def test_redactor_knows_the_basic_header() -> None:
    """User and password together, as the header has them."""
    header = base64.b64encode(b"ann:hunter22").decode()
    redactor = Redactor(basic=[("ann", Secret("hunter22"))])

    assert redactor.clean(f"Authorization: Basic {header}") == (
        f"Authorization: Basic {MASK}"
    )


def test_redactor_leaves_ordinary_words_alone() -> None:
    """A value too short to be a secret does not blot out texts."""
    assert Redactor([Secret("a"), Secret("")]).clean("a cat") == "a cat"


def test_redactor_takes_the_longest_form_first() -> None:
    """Of two secrets, one within the other, no tail stays."""
    redactor = Redactor([Secret("hunter"), Secret("hunter22")])

    assert redactor.clean("it is hunter22.") == f"it is {MASK}."


@given(
    secret=st.text(min_size=4).filter(lambda s: s not in MASK * 2 and "*" not in s),
    before=st.text(),
    after=st.text(),
)
def test_redacted_text_has_no_secret(secret: str, before: str, after: str) -> None:
    """Whatever stands around it, a secret does not stay."""
    cleaned = Redactor([Secret(secret)]).clean(before + secret + after)

    assert secret not in cleaned
