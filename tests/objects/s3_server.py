"""A local S3 server, moto in server mode, where moto is installed."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from tests import scripted


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HAS_MOTO = find_spec("moto") is not None
WHY = "moto is not installed: nox -s objects"


def environment(url: str) -> dict[str, str]:
    """The variables with which a client reaches the server."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "a-secret-nobody-may-see",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
    }


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run the server in a process of its own; yield its address."""
    port = scripted.unused_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(url)
            yield url
        finally:
            process.terminate()


def _wait_for(url: str) -> None:
    ends = time.monotonic() + 60
    while True:
        try:
            send(f"{url}/moto-api/data.json", "GET")
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return


def make_bucket(url: str, name: str) -> None:
    """Make a bucket, as anybody may."""
    send(f"{url}/{name}", "PUT")


def send(url: str, method: str, content: bytes | None = None) -> bytes:
    """Send a request without a signature."""
    plain = {"Content-Type": "text/plain"}
    request = Request(url, content, plain, method=method)  # noqa: S310 - our own server
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        return bytes(answer.read())


def as_reader(url: str) -> Mapping[str, str]:
    """Make a user who may only read; from now on the server asks who one is."""
    import boto3

    iam = boto3.client(
        "iam",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    iam.create_user(UserName="reader")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}
        ],
    }
    iam.put_user_policy(
        UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy)
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    send(f"{url}/moto-api/reset-auth", "POST", b"0")
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
