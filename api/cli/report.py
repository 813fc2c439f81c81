"""`optout report`: tell a registry what a corpus left out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from . import words
from .console import Console
from .exits import Exit
from .options import AsJson

_SECONDS = 60.0
_MOST = 1 << 16
_TAKEN = (200, 201)


def report(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder `optout filter` made.")],
    corpus: Annotated[
        str, typer.Option("--corpus", metavar="NAME", help="What people know the corpus by.")
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="URL", help="The service to send it to, as https://…"),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Where to write it; OUT.exclusions.json."),
    ] = None,
    json: AsJson = False,
) -> int:
    """Say, signed, how many rows each entry took out; creators are shown it as your claim.

    It holds numbers of entries and of rows, and nothing of the corpus. To send it a service asks
    for the API key that it gave you: set OPTOUT_API_KEY.
    """
    import datetime

    from optout.filter.errors import StorageError
    from optout.filter.evidence import operator_key, read_exclusions, write_exclusions
    from optout.registry.durable import publish

    console = Console(json=json)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    key = operator_key()
    data = write_exclusions(out, corpus, today, key)
    told = read_exclusions(data, key=key.verifier)
    path = file or out.absolute().with_name(f"{out.absolute().name}.exclusions.json")
    try:
        publish(path, data)
    except OSError as fault:
        raise StorageError(
            f"{path} cannot be written: {fault.strerror}", "Choose another path with --file."
        ) from fault
    rows = sum(told.rows.values())
    console.result(
        f"{path}: ",
        (words.counted(len(told.rows), "entry", "entries"), "bold"),
        f" took out {words.counted(rows, 'row')} of {corpus}",
    )
    sent = None
    if to is not None:
        sent = _send(to, data)
        console.say("sent to ", (to, "bold"))
    else:
        console.say(("next: send it with --to and the registry's address", "dim"))
    console.document(
        {
            "file": str(path),
            "corpus": corpus,
            "entries": len(told.rows),
            "rows": rows,
            "key": str(key.verifier),
            "sent": sent,
        }
    )
    return Exit.DONE


def _send(service: str, data: bytes) -> str:
    """Send a report.

    Returns:
        The address at which it was taken.

    Raises:
        UsageError: this is no address of a service, or there is no API key.
        StorageError: the service cannot be reached, or refuses it.
    """
    import urllib.error
    import urllib.request
    from urllib.parse import urlsplit

    from optout.filter.errors import StorageError
    from optout.registry.errors import UsageError

    address = f"{service.rstrip('/')}/v1/reports"
    parts = urlsplit(address)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise UsageError(f"{service!r} is no address of a service", "Write it as https://….")
    key = os.environ.get("OPTOUT_API_KEY", "").strip()
    if not key.isascii() or not key.isprintable() or not key:
        raise UsageError(
            "a report is sent with an API key", "Set OPTOUT_API_KEY to the one the registry gave."
        )
    request = urllib.request.Request(  # noqa: S310  # the scheme was looked at
        address,
        data,
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )

    class Staying(urllib.request.HTTPRedirectHandler):
        # Whoever is redirected to would be sent the key, and no report.
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Staying).open(request, timeout=_SECONDS) as answer:
            status, told, place = answer.status, b"", answer.headers.get("Location")
    except urllib.error.HTTPError as refusal:
        status, told, place = refusal.code, refusal.read(_MOST), None
    except (OSError, ValueError) as fault:
        why = getattr(fault, "reason", fault)
        raise StorageError(
            f"{service} cannot be reached: {why}", "The report was written and can be sent again."
        ) from fault
    if status not in _TAKEN:
        raise StorageError(
            f"{service} did not take the report: {_detail(told, status)}",
            "The report was written and can be sent again.",
        )
    return str(place or address)


def _detail(body: bytes, status: int) -> str:
    """What a service says was wrong (RFC 9457), or its status."""
    import json

    try:
        told = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError, RecursionError):
        told = None
    return told if isinstance(told, str) and told.isprintable() else f"status {status}"
