"""Remove secrets and local folders from texts."""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
import time
import tracemalloc
from json import loads
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import TOKEN
from xray_bridge.config.redaction import Redactor
from xray_bridge.config.secret import MASK, Secret
from xray_bridge.runs.journal_lines import compact_json
from xray_bridge.runs.scrub import LONGEST, MARGIN, Scrub, local_folders


if TYPE_CHECKING:
    from pathlib import Path

    from xray_bridge.runs.codec import Line

POSIX = {
    "/srv/shop": "",
    "/srv/shop/.venv": "<python>",
    "/srv/shop/.venv/lib/python3.12/site-packages": "<site-packages>",
    "/home/ann": "~",
    "/scratch": "<tmp>",
}
WINDOWS = {
    "C:\\Users\\Ann": "~",
    "C:\\Users\\Ann\\shop": "",
    "C:\\Users\\Ann\\AppData\\Local\\Temp": "<tmp>",
    "\\\\server\\share\\python": "<python>",
}


def a_scrub(folders: dict[str, str] = POSIX, pattern: str = "") -> Scrub:
    """One that knows a secret and these folders."""
    return Scrub.of(Redactor([Secret(TOKEN)], pattern=pattern), folders)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ann", "~"),
        ("/home/ann/", "~/"),
        ("/home/ann/x.log", "~/x.log"),
        ("/home/anna/x.log", "/home/anna/x.log"),
        ("/home/ann.old/x.log", "/home/ann.old/x.log"),
        ("/home/ann-2/x.log", "/home/ann-2/x.log"),
        ("nothing in /home/ann.", "nothing in ~."),
        ("/srv/shop/tests/test_a.py:7", "tests/test_a.py:7"),
        ("/srv/shop//tests/test_a.py", "tests/test_a.py"),
        ("rootdir: /srv/shop", "rootdir: ."),
        ("cd /srv/shop/ && ls", "cd ./ && ls"),
        ("/srv/shop/.venv/bin/python", "<python>/bin/python"),
        ("/srv/shop/.venv/lib/python3.12/site-packages/a.py", "<site-packages>/a.py"),
        ("/scratch/pytest-of-ann/0", "<tmp>/pytest-of-ann/0"),
        ("PATH=/home/ann/bin:/scratch/bin", "PATH=~/bin:<tmp>/bin"),
        ("PosixPath('/scratch/x')", "PosixPath('<tmp>/x')"),
        ('"/scratch/x","/home/ann"', '"<tmp>/x","~"'),
        ("<td>/home/ann/x</td>", "<td>~/x</td>"),
        ("file:///home/ann/x.html", "file://~/x.html"),
        ("sqlite:////home/ann/x.db", "sqlite:///~/x.db"),
        ("gcc -I/home/ann/include", "gcc -I~/include"),
        ("-I/home/ann/include", "-I~/include"),
        ("\x1b[1;31m/home/ann/x\x1b[0m", "\x1b[1;31m~/x\x1b[0m"),
        (r"'line\n/home/ann/x\t/scratch/y'", r"'line\n~/x\t<tmp>/y'"),
    ],
)
def test_folder_of_this_machine(text: str, expected: str) -> None:
    """The longest folder that a path is in goes; only whole names count."""
    assert a_scrub()(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://shop.example.com/scratch/x",
        "https://shop.example.com:8443/home/ann/x",
        "https://shop.example.com/a(1)/scratch/x",
        "://shop.example.com/a(1)/scratch/x",
        "http://[::1]/scratch/x",
        "./scratch/x",
        "../scratch/x",
        "data/scratch/x",
        "~/scratch/x",
        "${ROOT}/scratch/x",
        "*/scratch/x",
        "/srv/scratch/x",
        "and/or",
        "\\",
        "",
    ],
)
def test_what_is_no_folder_of_this_machine(text: str) -> None:
    """URLs, relative paths and other folders stay."""
    assert a_scrub()(text) == text


def test_path_in_the_query_of_a_url() -> None:
    """It is one of this machine, whoever it is told to."""
    found = a_scrub()("https://shop.example.com/?file=/home/ann/x")

    assert found == "https://shop.example.com/?file=~/x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C:\\Users\\Ann\\x.log", "~\\x.log"),
        ("c:\\users\\ann\\x.log", "~\\x.log"),
        ("C:/Users/Ann/x.log", "~/x.log"),
        ("'C:\\\\Users\\\\Ann\\\\shop\\\\tests\\\\test_a.py'", "'tests\\\\test_a.py'"),
        ("file:///C:/Users/Ann/x.html", "file:///~/x.html"),
        ("\\\\?\\C:\\Users\\Ann\\x.log", "\\\\?\\~\\x.log"),
        ("C:\\Users\\Anna\\x.log", "C:\\Users\\Anna\\x.log"),
        ("D:\\Users\\Ann\\x.log", "D:\\Users\\Ann\\x.log"),
        ("C:\\Users\\Ann\\AppData\\Local\\Temp\\x", "<tmp>\\x"),
        ("//server/share/python/a.py", "<python>/a.py"),
        ("\\\\SERVER\\share\\python\\a.py", "<python>\\a.py"),
    ],
)
def test_folder_of_windows(text: str, expected: str) -> None:
    """As Windows, reprs, shells and browsers write it."""
    assert a_scrub(WINDOWS)(text) == expected


SIGNS = ["/", "\\", "\\\\", ":", " ", "\n", "\\n", ".", "-", "~", "'", "\ud800", "x"]
WORDS = [TOKEN, "file://", "http://h", "\x1b[0m", "<tmp>"]


def test_folders_of_a_file_url() -> None:
    """All of them are local, also in a list of paths."""
    text = "file:///srv/shop/.venv:/srv/shop"

    assert a_scrub(POSIX)(text) == "file://<python>:."


@pytest.mark.parametrize("folders", [{}, POSIX, WINDOWS])
@given(parts=st.lists(st.sampled_from([*POSIX, *WINDOWS, *WORDS, *SIGNS])))
def test_no_text_is_too_odd(folders: dict[str, str], parts: list[str]) -> None:
    """Any text gets through, without the secret; a second time changes nothing."""
    scrub = a_scrub(folders)

    found = scrub("".join(parts))

    assert TOKEN not in found
    if folders is not WINDOWS:
        # There a path may begin within another, where nobody would write it.
        assert scrub(found) == found


def test_without_folders() -> None:
    """A machine whose folders nobody knows has its secrets all the same."""
    assert a_scrub({})(f"/scratch/{TOKEN}") == f"/scratch/{MASK}"


def test_folders_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project, home, the temporary folder, Python and its packages."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    home = tmp_path / "home"

    found = local_folders(str(tmp_path / "root"), {"HOME": f"{home}/"})

    assert found[str(project)] == ""
    assert found[str(tmp_path / "root")] == ""
    assert found[str(home)] == "~"
    assert found[tempfile.gettempdir()] == "<tmp>"
    assert found[sysconfig.get_path("purelib")] == "<site-packages>"
    assert found[sys.prefix] == "<python>"


def test_folders_of_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of sys.path outside of the project are paths of this machine."""
    monkeypatch.setattr(sys, "path", ["/srv/shop/src", "/data/tools", "relative"])

    found = local_folders("/srv/shop", {})

    assert found["/data/tools"] == "<path>"
    assert "/srv/shop/src" not in found


def test_home_on_windows(tmp_path: Path) -> None:
    """There it is the profile."""
    found = local_folders("", {"USERPROFILE": str(tmp_path)})

    assert found[str(tmp_path)] == "~"


@pytest.mark.parametrize("home", ["", "/", "/usr", "C:\\"])
def test_folder_that_all_machines_have(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders of every machine stay."""
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(sys, "base_prefix", "/usr/local")
    scrub = a_scrub(local_folders("", {"HOME": home}))

    text = f"{home} /usr/bin/chromium /usr/local/bin/node /etc"

    assert scrub(text) == text


def test_symlinked_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS's /var is /private/var: both names of a folder are known."""
    real = tmp_path / "private"
    real.mkdir()
    link = tmp_path / "short"
    link.symlink_to(real)
    monkeypatch.setattr(tempfile, "tempdir", str(link))

    scrub = a_scrub(local_folders("", {}))

    assert scrub(f"{link}/x {real}/y") == "<tmp>/x <tmp>/y"


def test_project_within_home_and_virtual_environment_within_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest name wins, whatever it stands for."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "shop" / ".venv"))
    scrub = a_scrub(local_folders(str(tmp_path / "shop"), {"HOME": str(tmp_path)}))

    found = scrub(f"{tmp_path}/shop/.venv/bin {tmp_path}/shop/a.py {tmp_path}/b")

    assert found == "<python>/bin a.py ~/b"


def test_project_that_is_home(tmp_path: Path) -> None:
    """If a folder has two meanings, it counts as the project."""
    scrub = a_scrub(local_folders(str(tmp_path), {"HOME": str(tmp_path)}))

    assert scrub(f"{tmp_path}/a.py") == "a.py"


def test_folders_that_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deleted working directory, or a disk without a temporary folder."""

    def gone() -> str:
        raise FileNotFoundError

    with monkeypatch.context() as patched:
        patched.setattr(os, "getcwd", gone)
        patched.setattr(tempfile, "gettempdir", gone)
        found = local_folders(str(tmp_path), {"HOME": "/home/ann"})

    assert found[str(tmp_path)] == ""
    assert found["/home/ann"] == "~"


def test_text_of_the_longest_length() -> None:
    """It is whole; one that is over is cut in its middle, and says so."""
    scrub = a_scrub()
    whole = "x" * LONGEST

    assert scrub(whole) == whole
    assert scrub(f"{whole}x") != f"{whole}x"


@pytest.mark.parametrize("over", [1, 2 * MARGIN, 2 * MARGIN + 1, LONGEST])
def test_cut(over: int) -> None:
    """Beginning and end stay, and the notice says how much does not."""
    text = f"begin {'x' * (LONGEST + over)} end"

    found = a_scrub()(text)

    head, _, rest = found.partition("\n[... ")
    number, _, tail = rest.partition(" characters left out ...]\n")
    assert head.startswith("begin x")
    assert tail.endswith("x end")
    assert len(head) + len(tail) + int(number) == len(text)
    assert len(found) <= LONGEST
    assert a_scrub()(found) == found


@pytest.mark.parametrize("length", [LONGEST + 1000, 3 * LONGEST])
@pytest.mark.parametrize("before", ["", TOKEN * 9000, "/home/ann " * 20_000])
def test_secret_is_not_cut_in_half(length: int, before: str) -> None:
    """Wherever it stands to the cut, and to the margin behind it."""
    scrub = a_scrub()
    half = LONGEST // 2
    for place in (half, half + MARGIN):
        for off in (-len(TOKEN), -len(TOKEN) // 2, -32, -1, 0, 16):
            text = before.ljust(place + off, "x") + TOKEN
            text = text.ljust(length - place, "x") + TOKEN
            text = text.ljust(length, "x")

            found = scrub(text)

            assert TOKEN[:8] not in found
            assert TOKEN[-8:] not in found


def test_text_that_grows() -> None:
    """The replacement of a folder may be longer than its name."""
    scrub = a_scrub({"/scratch": "<site-packages>"})

    found = scrub("/scratch " * (LONGEST // 5))

    assert len(found) <= LONGEST
    assert "characters left out" in found


def test_hundred_megabytes() -> None:
    """A huge text costs no more than what is kept of it."""
    text = "/home/ann/x \n" * (100 * LONGEST // 13)
    scrub = a_scrub()

    tracemalloc.start()
    began = time.process_time()
    found = scrub(text)
    took = time.process_time() - began
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(found) <= LONGEST
    assert took < 3
    assert most < 20 * LONGEST


def test_cost_of_ordinary_text() -> None:
    """
    Some 2 KB with a few paths, as most failures are.

    Some 20 microseconds; with room for a busy machine.
    """
    line = "E       AssertionError: expected 3 and got 4 instead of anything else\n"
    text = f"{line * 12}/srv/shop/tests/test_a.py:7: AssertionError\n" * 2
    scrub = a_scrub()

    began = time.process_time()
    for _ in range(1000):
        scrub(text)
    took = time.process_time() - began

    assert took / 1000 < 250e-6


def test_a_name_that_holds_a_secret() -> None:
    """Xray would know the test by it: its result is withheld, and says why."""
    scrub = Scrub.of(Redactor(named={"token": Secret(TOKEN)}), POSIX)

    line = scrub.clean_line({"name": f"test_it[{TOKEN}]"})

    assert line["name"] == f"test_it[{MASK}]"
    assert line["withheld"] == "the value of xray_token"


@pytest.mark.parametrize(
    "line",
    [
        {"name": f"test_it[{TOKEN}]", "test_keys": ["CALC-1"]},
        {"name": f"test_it[{TOKEN}]", "scenario": {"feature": {}}},
        {"name": f"test_{TOKEN}"},
        {"name": "test_it[/home/ann]"},
        {"test_keys": ["CALC-1"]},
    ],
)
def test_a_line_that_is_not_withheld(line: Line) -> None:
    """Xray knows it by something else, or nothing is taken out of its name."""
    assert "withheld" not in a_scrub().clean_line(line)


SIGNS = [TOKEN, *POSIX, "/home/ann", "/home/jürgen", "Authorization: Bearer 1234567"]
PARTS = st.lists(st.sampled_from([*SIGNS, "text", '"', "\\", "/", "\n", "é", "x"]))


@given(parts=PARTS, row=PARTS, name=PARTS)
def test_a_line_as_json(parts: list[str], row: list[str], name: list[str]) -> None:
    """A line that is encoded at once is as one whose every text is cleaned."""
    scrub = a_scrub({**POSIX, "/home/jürgen": "~", '/srv/"quoted"': "<path>"})

    def a_line() -> Line:
        step = {"name": "".join(parts), "outcome": "passed", "table": [row]}
        return {"classname": "test_a", "name": "".join(name), "steps": [step]}

    assert scrub.encode_line(a_line()) == compact_json(scrub.clean_line(a_line()))


@pytest.mark.parametrize(
    ("scrub", "text"),
    [
        (a_scrub(pattern="^pin .*$"), "pin 1234"),
        (a_scrub(WINDOWS), "c:/users/ann/x.log"),
        (a_scrub(), "x" * (LONGEST + 1)),
        (Scrub.of(Redactor([Secret('pass"\\wörd')]), {}), 'it was pass"\\wörd'),
    ],
)
def test_a_text_that_is_cleaned_in_json(scrub: Scrub, text: str) -> None:
    """A text that must be cleaned is found in JSON, which spells it otherwise."""
    line: Line = {"classname": "test_a", "name": "test_it", "message": text}

    assert text not in loads(scrub.encode_line(line))["message"]


def test_nothing_to_clean() -> None:
    """A line without secrets and folders needs one look."""
    assert a_scrub().is_clean('{"name":"test_it[/srv/other]"}')
