"""Texts of any kind, wherever a person or a test can put one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_feature, a_run, a_scenario, a_scenario_run, a_step, a_test
from tests.formats.reading import (
    ALL,
    BOTH,
    FAILED,
    OF_SCENARIOS,
    PICTURE,
    a_piece,
    comment,
    evidence,
    is_clean,
    rendered,
    texts,
    validate,
    verdicts,
)
from xray_bridge.model.dialect import SERVER
from xray_bridge.model.results import Iteration, Outcome, TestRun


if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = {
    "control characters": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "lone surrogates": "\ud800 \udfff \udbff\ud800",
    "end of CDATA": "]]> <![CDATA[ ]]>",
    "markup": "<!DOCTYPE x [<!ENTITY a 'b'>]> &a; &#0; &amp; </failure> <!-- -- -->",
    "colours": "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x1b\\",
    "half a colour": "\x1b[ \x1b] \x1b",
    "NUL": "\x00",
    "place of evidence": '\x000 "\\u00000" \\u00000',
    "non-characters": "\ufffe \uffff \ufdd0 \U0001fffe",
    "bidi": "\u202eevil\u2066\u2069",
    "separators": "\u2028\u2029\x85\x0b\x0c",
    "emoji": "\U0001f600 e\u0301 \u200d \ufeff",
    "quotes": "\"'\\\\n\\u0000 `${x}` {{y}} {noformat}",
    "wiki": "{noformat} *b* [~admin] [~accountid:1] !http://x/y.png! {code} \\",
    "not a number": "NaN -Infinity 1e999 null",
    "line ends": "a\rb\r\nc\n\n",
    "blanks": " \t\u00a0\u3000 ",
}
KEPT = ("end of CDATA", "markup", "bidi", "emoji", "quotes", "not a number")


def hostile_run(text: str, *, is_scenario: bool = True) -> TestRun:
    """A failed test with this text wherever a person can put one."""
    said = f"before {text} after"
    feature = a_feature(
        path=said, name=said, description=said, tags=(said,), keyword=said
    )
    scenario = a_scenario(
        said,
        feature=feature,
        description=said,
        outline=said,
        row=1,
        tags=(said,),
        keyword=said,
    )
    step = a_step(
        Outcome.FAILED,
        name=said,
        keyword=said,
        message=said,
        text=said,
        table=((said,), (said,)),
        data=said,
        expected=said,
        evidence=(a_piece(name=said, media_type=said),),
    )
    part = Iteration(
        outcome=Outcome.FAILED,
        parameters=((said, said),),
        message=said,
        steps=(replace(step, evidence=()),),
    )
    return a_run(
        Outcome.FAILED,
        test=a_test(
            said,
            classname=said,
            summary=said,
            description=said,
            labels=(said,),
            test_keys=("CALC-1",),
        ),
        scenario=scenario if is_scenario else None,
        steps=(step,),
        iterations=(part,),
        message=said,
        comment=said,
        output=said,
        custom_fields=((said, said), ("12", said)),
        parameters=((said, said),),
        evidence=(a_piece(name=said, media_type=said),),
    )


@BOTH
@ALL
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.fault("E01")
def test_hostile_text(tmp_path: Path, name: str, deployment: str, text: str) -> None:
    """It is readable for everybody, and what stands around it is kept."""
    run = hostile_run(text, is_scenario=name in OF_SCENARIOS)

    content = rendered(tmp_path, name, deployment, run, contents=[PICTURE])

    validate(name, deployment, content)
    found = texts(name, content)
    assert verdicts(name, content) == [("CALC-1", FAILED)]
    assert [each for each in found if not is_clean(each)] == []
    assert any("before" in each and "after" in each for each in found)
    assert {piece for _, piece in evidence(name, content)} == {PICTURE}


@ALL
@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.fault("E04", "E05")
def test_text_that_is_merely_unusual_is_kept(
    tmp_path: Path, name: str, kind: str
) -> None:
    """Character by character."""
    said = HOSTILE[kind].replace("{noformat}", "")

    content = rendered(tmp_path, name, SERVER, hostile_run(said))

    assert any(said in each for each in texts(name, content))


@pytest.mark.parametrize("name", ["junit", "xray"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_comment_keeps_its_block(tmp_path: Path, name: str, text: str) -> None:
    """It has no mentions, and no text of a test leaves the block."""
    run = replace(hostile_run(text, is_scenario=False), comment="*mine*")

    content = rendered(tmp_path, name, SERVER, run, contents=[PICTURE])

    own, inside, rest = comment(name, content).split("{noformat}")
    assert (own, rest) == ("*mine*\n\n", "")
    assert "after" in inside
    assert "[~" not in inside


@ALL
@pytest.mark.parametrize("text", ["\ud800", "\x00", "\ufffe", "]]>"])
def test_hostile_words(tmp_path: Path, name: str, text: str) -> None:
    """Labels, tags and keys of others come from people, too."""
    scenario = a_scenario(tags=(f"tag{text}",), feature=a_feature(tags=(f"tag{text}",)))
    test = a_test(labels=(f"label{text}",), requirements=("CALC-2",))
    run = a_run(test=test, scenario=scenario if name in OF_SCENARIOS else None)

    content = rendered(tmp_path, name, SERVER, run)

    validate(name, SERVER, content)
    assert [each for each in texts(name, content) if not is_clean(each)] == []


@ALL
def test_escape_stays_visible(tmp_path: Path, name: str) -> None:
    """A character that cannot be kept is shown as an escape."""
    run = a_scenario_run(
        Outcome.FAILED,
        keys=["CALC-1"],
        message="got \x00 and \ud800",
        steps=(a_step(Outcome.FAILED, message="got \x00 and \ud800"),),
    )

    content = rendered(tmp_path, name, SERVER, run)

    assert any(r"got \x00 and \ud800" in each for each in texts(name, content))


@ALL
@pytest.mark.fault("E03")
def test_colours_are_gone(tmp_path: Path, name: str) -> None:
    """Without a trace."""
    content = rendered(tmp_path, name, SERVER, hostile_run(HOSTILE["colours"]))

    assert any("before red link after" in each for each in texts(name, content))


@BOTH
@ALL
def test_message_of_a_megabyte(tmp_path: Path, name: str, deployment: str) -> None:
    """Its beginning and its end are there."""
    message = f"begin {'x' * (1 << 20)} end"
    run = a_scenario_run(
        Outcome.FAILED,
        keys=["CALC-1"],
        message=message,
        steps=(a_step(Outcome.FAILED, message=message),),
    )

    content = rendered(tmp_path, name, deployment, run)

    validate(name, deployment, content)
    (found,) = {
        text for text in texts(name, content) if "begin x" in text and "x end" in text
    }
    assert found


any_text = st.sampled_from([*HOSTILE.values(), ""]) | st.text(
    st.characters(exclude_categories=[]), max_size=20
)
any_name = st.sampled_from(["12", "a.png"]) | any_text
pairs = st.lists(st.tuples(any_name, any_text), max_size=3).map(tuple)
any_evidence = st.lists(
    st.builds(a_piece, st.sampled_from([b"a", PICTURE]), any_name, any_text),
    max_size=3,
).map(tuple)
any_step = st.builds(
    a_step,
    st.sampled_from(Outcome),
    name=any_text,
    keyword=any_text,
    message=any_text,
    text=any_text,
    table=st.lists(st.tuples(any_text), max_size=2).map(tuple),
    data=any_text,
    expected=any_text,
    evidence=any_evidence,
)
steps = st.lists(any_step, max_size=2).map(tuple)
iterations = st.lists(
    st.builds(
        Iteration,
        outcome=st.sampled_from(Outcome),
        parameters=pairs,
        message=any_text,
        steps=steps,
    ),
    max_size=2,
).map(tuple)
any_run = st.builds(
    a_run,
    st.just(Outcome.FAILED),
    test=st.builds(
        a_test,
        any_text,
        summary=any_text,
        description=any_text,
        labels=st.lists(any_text, max_size=1).map(tuple),
        test_keys=st.sampled_from([(), ("CALC-1",)]),
    ),
    message=any_text,
    comment=any_text,
    output=any_text,
    custom_fields=pairs,
    parameters=pairs,
    steps=steps,
    iterations=iterations,
    evidence=any_evidence,
)


@BOTH
@ALL
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(run=any_run, text=any_text)
def test_any_text_anywhere(
    tmp_path: Path, name: str, deployment: str, run: TestRun, text: str
) -> None:
    """A writer takes it, a reader sees a failure, and evidence is not harmed."""
    if name in OF_SCENARIOS:
        feature = a_feature(name=text, path=text, description=text)
        run = replace(run, scenario=a_scenario(text, feature=feature, outline=text))

    content = rendered(tmp_path, name, deployment, run, contents=[b"a", PICTURE])

    validate(name, deployment, content)
    assert [verdict for _, verdict in verdicts(name, content)] == [FAILED]
    assert [each for each in texts(name, content) if not is_clean(each)] == []
    found = evidence(name, content)
    assert {piece for _, piece in found} <= {b"a", PICTURE}
    if run.evidence:
        assert found
