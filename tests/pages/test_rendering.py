"""The page of a run."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest
from lxml import html

from xray_pages import values, write_report
from xray_pages.rendering import (
    data_url,
    format_duration,
    format_size,
    format_time,
    safe_url,
    text_of,
    view_of,
)
from xray_pages.values import Evidence, Iteration, Link, Past, Result, Run, Step, Trend


HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
RUN = Run(
    title="pytest",
    verdict=values.FAILED,
    headline="1 of 2 tests failed",
    counts={"failed": 1, "passed": 1},
)
PASSED = Result(name="test_passes", kind=values.PASSED, status="passed", group="a.py")
FAILED = replace(PASSED, name="test_fails", kind=values.FAILED, message="E   no\nx")


def a_file(name: str, media_type: str, content: bytes, **changes: Any) -> Evidence:
    """A piece of evidence that the page contains."""
    size = len(content)
    piece = Evidence(name=name, media_type=media_type, size=size, read=lambda: content)
    return replace(piece, **changes)


def page(*results: Result, run: Run = RUN, trend: Trend | None = None) -> Any:
    """The page, as a tree of elements."""
    file = io.BytesIO()
    write_report(file, "title", run, results, trend or Trend())
    return html.fromstring(file.getvalue())


def text(element: Any) -> str:
    """The text of an element, with single blanks."""
    return " ".join(" ".join(element.itertext()).split())


def test_the_header_says_how_it_went() -> None:
    """The verdict, the counts, the facts and the notices are in the header."""
    facts = (("Test Plan", (Link("CALC-9", "https://jira.example/browse/CALC-9"),)),)
    run = replace(RUN, facts=facts, notices=("one was refused",), duration=61)

    (header,) = page(FAILED, PASSED, run=run).xpath("//header")

    assert "verdict failed" in header.get("class")
    for words in ("1 of 2 tests failed", "1 failed", "1 passed", "one was refused"):
        assert words in text(header)
    assert header.xpath(".//dd/a/@href") == ["https://jira.example/browse/CALC-9"]
    assert "1 min 1 s" in text(header)


def test_failures_come_first() -> None:
    """The lists are in the order of kinds, whatever the order of results."""
    kinds = [replace(PASSED, kind=kind) for kind in reversed(values.KINDS)]

    found = page(*kinds).xpath("//details[contains(@class, 'kind')]/@id")

    assert found == [kind.name for kind in values.KINDS]


def test_results_are_listed_below_their_files() -> None:
    """Each file is named once."""
    other = replace(PASSED, group="b.py")

    found = page(PASSED, other, PASSED).xpath("//details[@id='passed']/section")

    assert [(text(each.find("h3")), len(each.findall("ul/li"))) for each in found] == [
        ("a.py", 2),
        ("b.py", 1),
    ]


def test_long_lists_of_good_results_are_folded() -> None:
    """Failures are open; a long list of passed tests is folded."""
    tree = page(FAILED, *[PASSED] * 201)

    assert tree.xpath("//details[@id='failed']/@open")
    assert not tree.xpath("//details[@id='passed']/@open")


def test_a_result_with_nothing_to_say_is_one_line() -> None:
    """A passed test without details has no element to open."""
    (line,) = page(replace(PASSED, duration=0.0124)).xpath(
        "//details[@id='passed']//li"
    )

    assert text(line) == "test_passes 12 ms"
    assert not line.xpath(".//details")
    assert line.xpath("data/@value") == ["0.0124"]


def test_a_result_shows_all_it_has() -> None:
    """Everything that a result has is on its page."""
    step = Step(
        kind=values.FAILED,
        status="failed",
        action="Add",
        data="2 and 3",
        expected="5",
        actual="got 6",
        depth=1,
        defects=(Link("CALC-5"),),
    )
    row = Iteration(
        kind=values.FAILED,
        status="FAIL",
        parameters=(("number", "0"),),
        message="zero",
        steps=(step,),
    )
    result = replace(
        FAILED,
        keys=(Link("CALC-1", "https://jira.example/browse/CALC-1"),),
        summary="It adds",
        comment="*watch out*",
        log="printed",
        parameters=(("browser", "Chrome"),),
        fields=(("Owner", "Ada"),),
        steps=(step,),
        iterations=(row,),
        defects=(Link("CALC-2"),),
        requirements=(Link("CALC-3"),),
        notices=("a file was left out",),
        history=(Past(values.PASSED, "run 1"),),
        tags=("smoke",),
        started=1.7e9,
        is_new=True,
    )

    (line,) = page(result).xpath("//details[@id='failed']/section/ul/li")

    words = (
        "CALC-1", "It adds", "watch out", "printed", "browser Chrome", "Owner Ada",
        "Add", "2 and 3", "5", "got 6", "CALC-5", "number = 0", "zero",
        "Defects CALC-2", "Requirements CALC-3", "a file was left out",
        "passed", "smoke", "2023-11-14", "new",
    )  # fmt: skip
    shown = text(line)
    assert [each for each in words if each not in shown] == []
    assert line.xpath(".//strong")
    assert line.xpath(".//*[@class='depth1']")


def test_a_failure_shows_its_error_before_its_traceback() -> None:
    """The line of the list has the error; the traceback is folded."""
    (line,) = page(FAILED).xpath("//details[@id='failed']//li")

    assert text(line.xpath("details/summary/code")[0]) == "no"
    assert text(line.xpath(".//pre")[0]) == "no"
    folded = line.xpath(".//div//details/summary")
    assert [text(each) for each in folded] == ["Traceback"]


@pytest.mark.parametrize(
    ("media_type", "view"),
    [
        ("image/png", "image"),
        ("image/svg+xml", "image"),
        ("image/tiff", "file"),
        ("video/webm", "video"),
        ("text/plain; charset=utf-8", "text"),
        ("text/html", "text"),
        ("application/json", "text"),
        ("application/problem+json", "text"),
        ("application/zip", "file"),
        ("", "file"),
    ],
)
def test_how_a_file_is_shown(media_type: str, view: str) -> None:
    """The media type decides how a file is shown."""
    assert view_of(a_file("a", media_type, b"x")) == view


def test_a_long_text_is_offered_as_a_file() -> None:
    """Nobody reads a megabyte of text in a page."""
    assert view_of(a_file("a", "text/plain", b"x", size=2 << 20)) == "file"


def test_evidence_is_in_the_page() -> None:
    """Images, videos, texts and other files need no other file."""
    pieces = (
        a_file("shot.png", "image/png", b"PNG"),
        a_file("film.webm", "video/webm", b"FILM"),
        a_file("data.json", "application/json", b'{"a":[1]}'),
        a_file("all.zip", "application/zip", b"ZIP"),
        a_file("big.zip", "application/zip", b"", read=None, missing="too large"),
    )

    (found,) = page(replace(FAILED, evidence=pieces)).xpath("//ul[@class='evidence']")

    assert found.xpath(".//img/@src") == ["data:image/png;base64,UE5H"]
    assert found.xpath(".//video/@src") == ["data:video/webm;base64,RklMTQ=="]
    assert found.xpath(".//pre/text()") == ['{\n  "a": [\n    1\n  ]\n}']
    assert found.xpath(".//a/@href") == ["data:application/octet-stream;base64,WklQ"]
    assert "big.zip (0 bytes, too large)" in text(found)


def test_json_that_is_none_is_shown_as_it_is() -> None:
    """A damaged document is still a text."""
    assert text_of(a_file("a.json", "application/json", b"{")) == "{"


def test_a_file_of_a_server_has_its_address() -> None:
    """A server offers the file; the page does not contain it."""
    assert data_url(a_file("a", "image/png", b"x", url="/evidence/1")) == "/evidence/1"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/", "https://a.example/"),
        ("HTTP://a.example/", "HTTP://a.example/"),
        ("/browse/CALC-1", "/browse/CALC-1"),
        ("#failed", "#failed"),
        ("", ""),
        ("javascript:alert(1)", ""),
        (" javascript:alert(1)", ""),
        ("//evil.example", ""),
        ("data:text/html,x", ""),
    ],
)
def test_a_link_leads_to_a_web_page_only(url: str, safe: str) -> None:
    """Addresses that run scripts, or that hide their host, are none."""
    assert safe_url(Link("x", url)) == safe


def test_hostile_texts_are_shown_and_never_run() -> None:
    """No text of a test becomes an element or an attribute."""
    kept = a_file(HOSTILE, "text/plain", HOSTILE.encode())
    svg = a_file(HOSTILE, "image/svg+xml", b"<svg onload='alert(1)'/>")
    links = (Link(HOSTILE, f"https://a.example/{HOSTILE}"), Link("x", "javascript:x"))
    step = Step(
        kind=values.FAILED, status=HOSTILE, action=HOSTILE, data=HOSTILE, actual=HOSTILE
    )
    result = Result(
        name=HOSTILE, kind=values.FAILED, status=HOSTILE, group=HOSTILE, keys=links,
        summary=HOSTILE, tags=(HOSTILE,), environments=(HOSTILE,), message=HOSTILE,
        comment=HOSTILE, log=HOSTILE, parameters=((HOSTILE, HOSTILE),), steps=(step,),
        evidence=(kept, svg), notices=(HOSTILE,), defects=links,
        history=(Past(values.FAILED, HOSTILE),),
    )  # fmt: skip
    run = replace(
        RUN,
        title=HOSTILE,
        headline=HOSTILE,
        notices=(HOSTILE,),
        facts=((HOSTILE, links),),
    )
    table = values.Table(title=HOSTILE, head=(HOSTILE,), rows=((Link(HOSTILE),),))

    tree = page(result, run=run, trend=Trend(runs=(run,), tables=(table,)))

    assert len(tree.xpath("//script")) == 1
    assert tree.xpath("//*[@onerror or @onload]") == []
    assert all(src.startswith("data:image/svg") for src in tree.xpath("//img/@src"))
    assert not [url for url in tree.xpath("//@href") if "javascript" in url.lower()]


def test_only_the_script_of_the_page_may_run() -> None:
    """The policy allows the page's own script and style by hash, and loads nothing."""
    tree = page(PASSED)

    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    for element in ("script", "style"):
        content = tree.xpath(f"//{element}/text()")[0].encode()
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_a_filter_is_offered_where_there_is_a_choice() -> None:
    """Tags and Test Environments are fields of the filter if there are several."""
    one = replace(PASSED, tags=("smoke",), environments=("Chrome",))
    two = replace(PASSED, tags=("slow",), environments=("Chrome",))

    tree = page(one, two)

    assert tree.xpath("//select[@name='tag']/option/text()") == ["all", "slow", "smoke"]
    assert tree.xpath("//select[@name='environment']") == []
    assert tree.xpath("//details[@id='passed']//li/@data-tag") == ["smoke", "slow"]


def test_earlier_runs_and_tables_are_shown() -> None:
    """The trend has a bar for each run; tables have links and kinds."""
    table = values.Table(
        title="New failures",
        head=("Test", "Before"),
        rows=((Link("test_fails"), values.Badge(values.PASSED, "passed")),),
    )

    tree = page(FAILED, trend=Trend(runs=(RUN, RUN), tables=(table,)))

    assert len(tree.xpath("//section[@class='trend']//li")) == 2
    assert (
        text(tree.xpath("//details[@class='table']//tbody")[0]) == "test_fails passed"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0 ms"), (0.0124, "12 ms"), (1.25, "1.2 s"), (59.9, "59.9 s"),
        (125, "2 min 5 s"), (3700, "1 h 1 min"),
    ],
)  # fmt: skip
def test_durations_have_their_best_unit(seconds: float, shown: str) -> None:
    """A reader sees at most two numbers."""
    assert format_duration(seconds) == shown


def test_sizes_and_times() -> None:
    """Sizes have their best unit; an impossible time is not shown."""
    assert [format_size(size) for size in (999, 1_500, 2_000_000, 3_000_000_000)] == [
        "999 bytes", "2 kB", "2 MB", "3.0 GB",
    ]  # fmt: skip
    assert [format_time(each) for each in (0, 1.7e9, 1e30)] == [
        "", "2023-11-14 22:13 UTC", "",
    ]  # fmt: skip
