"""The files that auditors read: JSON Lines, each line in its one canonical form (RFC 8785)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from optout.registry import documents
from optout.registry.errors import LogFault
from optout.registry.log import Opening

_ADVICE = "Fetch the snapshot again; if it still fails, whoever runs the registry must explain it."
_FIELDS = {"index", "matter", "salt"}

MAX_LINE = 1 << 16
"""Bytes: no line is longer, with room to spare."""


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, without their line feeds.

    Raises:
        LogFault: a line is too long, or the last one does not end.
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        for number, line in enumerate(iter(partial(stream.readline, MAX_LINE), b"")):
            if len(line) == MAX_LINE:
                raise LogFault(f"line {number + 1} of {path} is too long", _ADVICE)
            if not line.endswith(b"\n"):
                raise LogFault(f"line {number + 1} of {path} is cut off", _ADVICE)
            yield line[:-1]


def opening_line(opening: Opening) -> bytes:
    """One opening as a line, without its line feed; the matter must be canonical JSON."""
    head, tail = b'{"index":%d,"matter":' % opening.index, b',"salt":"%s"}'
    return head + opening.matter + tail % opening.salt.hex().encode()


def parse_opening(line: bytes) -> Opening:
    """Read back what `opening_line` wrote.

    Raises:
        LogFault: the line is not exactly what `opening_line` makes.
    """
    try:
        document = json.loads(line)
        if not isinstance(document, dict) or document.keys() != _FIELDS:
            raise ValueError("other fields")
        index, salt = document["index"], bytes.fromhex(document["salt"])
        if type(index) is not int or index < 0:
            raise ValueError("no index")
        opening = Opening(index, salt, documents.canonical(document["matter"]))
        exact = opening_line(opening) == line
    except (ValueError, TypeError, RecursionError) as fault:
        raise LogFault(f"a line is no opening: {line[:100]!a}", _ADVICE) from fault
    if not exact:
        raise LogFault(f"an opening is not in canonical form: {line[:100]!a}", _ADVICE)
    return opening
