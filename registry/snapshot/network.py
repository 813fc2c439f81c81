"""Reading files from an address: bounded in size and in every single wait, http and https only."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from optout.registry.errors import SnapshotError

TIMEOUT = 30.0
"""Seconds without a byte after which a server is given up."""

_SCHEMES = ("http", "https")
_CHUNK = 1 << 20
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HEADERS = {"User-Agent": "optout", "Accept-Encoding": "identity"}


def is_address(location: str | Path) -> bool:
    """Whether this is meant as an address and not as a path."""
    return isinstance(location, str) and _ADDRESS.match(location) is not None


def base_of(address: str) -> str:
    """The folder's address that a file's name can be put behind.

    Raises:
        SnapshotError: it is no http or https address of a folder.
    """
    scheme = address.partition(":")[0].lower()
    if scheme not in _SCHEMES:
        raise SnapshotError(
            f"{address} cannot be fetched: {scheme} is not http or https",
            "Name a folder, or an http or https address.",
        )
    try:
        parts = urlsplit(address)
        plain = bool(parts.hostname) and parts.port != 0 and address.isascii()
    except ValueError:
        plain = False
    if not plain or any(c <= " " for c in address):
        raise SnapshotError(f"{address!r} is no address", "Write https://host/path.")
    if parts.query or parts.fragment or parts.username is not None:
        raise SnapshotError(
            "the address of a snapshot has a query, a fragment or a user name",
            "Name the folder that holds snapshot.json, without them.",
        )
    return address.removesuffix("snapshot.json").rstrip("/")


class _Redirects(HTTPRedirectHandler):
    """Follows no redirect to anything but http and https: no file of this machine is read."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in _SCHEMES:
            raise URLError(f"it redirects to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> object:
        # What follows would read it to its end, and leave it open where it refuses to follow.
        fp.close()
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener() -> OpenerDirector:
    # Put together by hand: what `build_opener` adds reads files and FTP too.
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def fetch(address: str, limit: int) -> Generator[bytes, None, None]:
    """Read a file in chunks, and no further than its limit.

    Args:
        address: http or https.
        limit: bytes; a longer file is an error.

    Raises:
        SnapshotError: there is no such file, it is too long, or the server does not answer.
    """
    # The opener knows http and https only.
    request = Request(address, headers=_HEADERS)  # noqa: S310
    with _network_faults(address), _opener().open(request, timeout=TIMEOUT) as answer:
        left = limit
        while chunk := answer.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise SnapshotError(
                    f"{address} is longer than the {limit} bytes it may have",
                    "See whether the address is right.",
                )
            yield chunk


@contextmanager
def _network_faults(address: str) -> Iterator[None]:
    try:
        yield
    except HTTPError as fault:
        fault.close()
        raise SnapshotError(
            f"{address} cannot be fetched: HTTP {fault.code} {_told(fault.reason)}",
            "Name the address of the folder that holds snapshot.json.",
        ) from fault
    except (OSError, HTTPException, ValueError) as fault:
        reason = getattr(fault, "reason", None) or fault
        raise SnapshotError(
            f"{address} cannot be fetched: {_told(reason) or type(fault).__name__}",
            "See whether the address is right and the server running, then try again.",
        ) from fault


def _told(reason: object) -> str:
    """What a server says, in a form that a terminal takes for nothing but words."""
    return "".join(c if c.isprintable() else "?" for c in str(reason)[:200])
