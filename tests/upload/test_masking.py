"""Secrets of ours in report files of other tools."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from xray_bridge.config.redaction import Redactor
from xray_bridge.config.secret import Secret
from xray_bridge.upload import masking


if TYPE_CHECKING:
    from pathlib import Path

SECRET = 's3c<&"ret/x'


@pytest.mark.parametrize(
    "written",
    [
        's3c<&"ret/x',
        "s3c&lt;&amp;&quot;ret/x",
        's3c&lt;&amp;"ret/x',
        r"s3c<&\"ret/x",
        r"s3c<&\"ret\/x",
        "czNjPCYicmV0L3g=",
    ],
)
def test_masked(tmp_path: Path, written: str) -> None:
    """However the tool has written it."""
    path = tmp_path / "report.xml"
    path.write_text(f"<a b='{written}'>{written}</a>", encoding="utf-8")

    number = masking.mask_secrets(path, Redactor([Secret(SECRET)]).forms)

    assert number == 2
    assert path.read_text(encoding="utf-8") == "<a b='***'>***</a>"


def test_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost where a file is written in several pieces."""
    monkeypatch.setattr(masking, "BLOCK", 5)
    path = tmp_path / "report.xml"
    path.write_text("a" * 13 + "hush-hush" + "b" * 11, encoding="utf-8")

    assert masking.mask_secrets(path, ["hush-hush"]) == 1
    assert path.read_text(encoding="utf-8") == "a" * 13 + "***" + "b" * 11


@pytest.mark.parametrize("seed", range(300))
def test_any_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Blocks of any size give the same copy as a replacement in the whole file."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    monkeypatch.setattr(masking, "BLOCK", chance.randint(1, 9))
    forms = [_random_text(chance, chance.randint(1, 8)) for _ in range(4)]
    content = _random_text(chance, chance.randint(0, 60))
    path = tmp_path / "report.xml"
    path.write_text(content, encoding="utf-8")
    longest_first = sorted(set(forms), key=len, reverse=True)
    whole = re.subn("|".join(map(re.escape, longest_first)), "***", content)

    number = masking.mask_secrets(path, forms)

    assert (path.read_text(encoding="utf-8"), number) == whole


def _random_text(chance: random.Random, size: int) -> str:
    # Few characters, so that texts overlap; none is in the vocabulary of reports.
    return "".join(chance.choices("ZQ\N{EURO SIGN}", k=size))


@pytest.mark.parametrize("password", ["test", "pass", "error", "name"])
def test_word_of_every_report(tmp_path: Path, password: str) -> None:
    """Without it there would be no report."""
    content = '<testsuite><testcase name="a"/></testsuite>'
    path = tmp_path / "report.xml"
    path.write_text(content, encoding="utf-8")

    assert masking.mask_secrets(path, [password]) == 0
    assert path.read_text(encoding="utf-8") == content


def test_empty_file(tmp_path: Path) -> None:
    """Has no secrets."""
    path = tmp_path / "report.xml"
    path.touch()

    assert masking.mask_secrets(path, ["hush-hush"]) == 0
