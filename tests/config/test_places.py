"""The place of collected results."""

from __future__ import annotations

import pytest

from xray_bridge.config import places


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("yes", places.HERE),
        ("1", places.HERE),
        ("no", ""),
        ("", ""),
        (" s3://bucket/prefix/ ", "s3://bucket/prefix"),
        ("gs://bucket", "gs://bucket"),
        ("az://container/a/b", "az://container/a/b"),
        ("file:///srv/xray", "file:///srv/xray"),
    ],
)
def test_places_are_parsed(text: str, place: str) -> None:
    """Words for yes and no keep their meaning; addresses lose the last slash."""
    assert places.collection(text) == place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("perhaps", "'perhaps' is neither yes nor no, nor the address of a bucket"),
        ("ftp://host/x", "ftp:// is not a known kind of bucket; write s3://, gs://"),
        ("memory:///x", "memory:// is not a known kind of bucket"),
        ("s3://", "'s3://' names no bucket; write s3://bucket/prefix"),
        ("s3:///x", "names no bucket"),
        ("file://x", "'file://x' names no bucket; write file:///folder"),
        ("s3://bucket/../x", "is not the address of a bucket"),
    ],
)
def test_other_texts_are_refused(text: str, message: str) -> None:
    """One line says what to write instead."""
    with pytest.raises(ValueError, match=message):
        places.collection(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIA:hunter22@bucket/x",
        "az://container/x?sig=hunter22",
        "s3://bucket/x#hunter22",
    ],
)
def test_secrets_in_addresses_are_refused_and_not_shown(text: str) -> None:
    """Credentials come from the environment, as the stores' own tools read them."""
    with pytest.raises(ValueError, match="must not contain a user name") as caught:
        places.collection(text)

    assert "hunter22" not in str(caught.value)
