"""``fix_version = auto`` chooses the version that a person would choose."""

from __future__ import annotations

import pytest

from xray_bridge.client.versions import Version
from xray_bridge.errors import UsageError
from xray_bridge.jira.releases.choose import Choice, choose_version


def versions(*names: str) -> list[Version]:
    """Versions by name; a released one ends with an exclamation mark."""
    return [
        Version(name=name.rstrip("!"), is_released=name.endswith("!")) for name in names
    ]


@pytest.mark.parametrize(
    ("tag", "names", "chosen"),
    [
        ("v2.3", ("2.2!", "2.3", "2.4"), "2.3"),
        ("2.3", ("v2.3",), "v2.3"),
        ("v2.3", ("2.3", "v2.3"), "v2.3"),
        ("release-2.3", ("Release 2.3",), "Release 2.3"),
        ("api/v2.3", ("2.3",), "2.3"),
        ("v2.3.0", ("2.3", "2.30"), "2.3"),
        ("v2.3.0-rc.1", ("2.3.0-RC.1", "2.3.0"), "2.3.0-RC.1"),
        ("v2.3", ("2.3!", "V2.3"), "V2.3"),
    ],
)
def test_tag_names_a_version(tag: str, names: tuple[str, ...], chosen: str) -> None:
    """Words, a v and zeros at the end do not count, unless the whole name fits."""
    found = choose_version({"tag": tag}, versions(*names))

    assert found == Choice(name=chosen, why=f"the tag {tag}")


@pytest.mark.parametrize(
    ("branch", "names", "chosen"),
    [
        ("release/2.3", ("2.3", "2.4"), "2.3"),
        ("releases/v2.3", ("2.3", "2.4"), "2.3"),
        ("hotfix/2.3.1", ("2.3.1", "2.4"), "2.3.1"),
        ("release/2.3", ("2.3.0!", "2.3.1", "2.4.0"), "2.3.1"),
        ("release-2.3", ("2.3.0",), "2.3.0"),
    ],
)
def test_release_branch_names_a_version(
    branch: str, names: tuple[str, ...], chosen: str
) -> None:
    """Or the only open version below it."""
    found = choose_version({"branch": branch}, versions(*names))

    assert found == Choice(name=chosen, why=f"the branch {branch}")


@pytest.mark.parametrize("branch", ["main", "feature/2.3-login", "2.3", "release/next"])
def test_other_branches_name_none(branch: str) -> None:
    """The only open version is chosen."""
    found = choose_version({"branch": branch}, versions("2.3!", "2.4"))

    assert found == Choice(name="2.4", why="the only version that is not released")


@pytest.mark.parametrize(
    ("names", "name"), [((), "2.3"), (("v1.0!", "v2.0"), "v2.3"), (("1.0", "2"), "2.3")]
)
def test_named_version_that_is_not_there_is_a_guess(
    names: tuple[str, ...], name: str
) -> None:
    """Another version would be wrong; the new name looks like the others."""
    found = choose_version({"tag": "v2.3"}, versions(*names))

    assert found == Choice(name=name, why="the tag v2.3", is_there=False)


def test_archived_versions_do_not_count() -> None:
    """Jira lets nobody use them."""
    found = choose_version(
        {"tag": "v2.3"}, [Version(name="2.3", is_archived=True), Version(name="2.4")]
    )

    assert found.name == "2.3"
    assert not found.is_there


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("2.3!",), "has no unreleased version"),
        (("2.3!", "2.4", "2.5"), "several unreleased versions: 2.4, 2.5"),
    ],
)
def test_none_or_several_are_an_error(names: tuple[str, ...], why: str) -> None:
    """It names the candidates, and the setting."""
    with pytest.raises(UsageError, match=f"{why}.*xray_fix_version"):
        choose_version({}, versions(*names))


def test_long_names_take_no_time() -> None:
    """A tag and a version come from others: no expression waits."""
    slow = "/" * 40_000 + "." * 40_000
    versions = [Version(name=slow), Version(name="2.3")]

    assert choose_version({"tag": slow}, versions[1:]).name == "2.3"
    assert choose_version({"tag": "v2.3"}, versions).name == "2.3"
