"""Addresses of repositories and of their branches."""

from __future__ import annotations

import pytest

from xray_bridge.ci.repositories import branch_page, clean_repository


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("https://github.com/acme/api", "https://github.com/acme/api"),
        ("https://github.com/acme/api.git/", "https://github.com/acme/api"),
        ("https://ann:t0ken@github.com/acme/api.git", "https://github.com/acme/api"),
        ("http://git.example.com:8080/a/b", "http://git.example.com:8080/a/b"),
        ("git@github.com:acme/api.git", "https://github.com/acme/api"),
        ("github.com:acme/api", "https://github.com/acme/api"),
        ("ssh://git@git.example.com:7999/a/b.git", "https://git.example.com/a/b"),
        ("git://github.com/acme/api.git", "https://github.com/acme/api"),
        ("/srv/git/api.git", ""),
        ("file:///srv/git/api.git", ""),
        ("C:\\code\\api", ""),
        ("https://github.com", ""),
        ("https://[", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_a_page_without_login_and_suffix(address: str, page: str) -> None:
    """Clone addresses become the page that a person can open, or nothing."""
    assert clean_repository(address) == page


@pytest.mark.parametrize(
    ("repository", "page"),
    [
        ("https://github.com/a/b", "https://github.com/a/b/tree/topic/%C3%A4%20b"),
        (
            "https://gitlab.acme.com/a/b",
            "https://gitlab.acme.com/a/b/-/tree/topic/%C3%A4%20b",
        ),
        (
            "https://bitbucket.org/a/b",
            "https://bitbucket.org/a/b/branch/topic/%C3%A4%20b",
        ),
        ("https://git.example.com/a/b", ""),
        ("", ""),
    ],
)
def test_page_of_a_branch(repository: str, page: str) -> None:
    """Only known hosts have a known address of a branch."""
    assert branch_page(repository, "topic/ä b") == page
    for nothing in ("", "a\nb", "a\udc80"):
        assert branch_page(repository, nothing) == ""
