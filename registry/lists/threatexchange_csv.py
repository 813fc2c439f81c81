"""Signals in CSV, as ThreatExchange's tools and Hasher-Matcher-Actioner keep them.

    signal_type,signal_value,status,id,last_updated
    pdq,f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22,active,17,1625167804

Read are also what `threatexchange dataset --csv` prints (`collab,signal_type,signal_str,category,
tags`), and files without a heading that begin with the signal (`<hash>,<id>,<date>,<tags>`, the
`sample_data` of Hasher-Matcher-Actioner), of which somebody has to say the type, but for MD5.
Types of signal are the names that `signal_type/` of python-threatexchange gives them
(github.com/facebook/ThreatExchange), or ThreatExchange's types of indicators.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from optout.registry.errors import UsageError

from . import threatexchange_json
from .records import LONGEST, SIGNALS, STANDINGS, ListRecord, checked, faulty

NAME = "threatexchange-csv"

_WORDS = {
    **{signal: signal for signal in SIGNALS},
    **{word.lower(): signal for word, signal in threatexchange_json.SIGNALS.items()},
    "video_md5": "md5",
    "photo_md5": "md5",
    "video_sha256": "sha256",
    "photo_sha256": "sha256",
}

_COLUMNS = {
    "signal": ("signal_type", "indicator_type", "type"),
    "value": ("signal_value", "signal_str", "signal", "indicator", "hash", "value"),
    "status": ("status", "category"),
    "id": ("id", "indicator_id", "descriptor_id"),
    "changed": ("last_updated",),
}
_MARKS = ",;\t"
_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_BARE = re.compile(r"([0-9a-fA-F]{32}|[0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which sign stands between fields, and in which of them what stands."""

    mark: str
    heading: bool
    places: dict[str, int]


def is_heading(line: str) -> bool:
    """Whether a first line names a type of signal and a signal."""
    layout = _named(line)
    return layout is not None and "signal" in layout.places


def read(stream: IO[str], name: str, signal: str = "") -> Iterator[ListRecord]:
    """Read records, one a line.

    Args:
        stream: the text of the file, opened with `newline=""`.
        name: what to call the file in a message.
        signal: the type of every signal, where the file does not say; otherwise empty.

    Raises:
        UsageError: it is no CSV, has no column of signals, or does not say of which type they are.
    """
    csv.field_size_limit(LONGEST)
    lines = _bounded(stream)
    try:
        first = next(lines, "")
        layout = _named(first) or _bare(first, name)
        _check_columns(first, layout, name)
        kind = _known(signal)
        # Without a heading the first line is a record.
        rows = csv.reader(_again("" if layout.heading else first, lines), delimiter=layout.mark)
        for row in rows:
            number = rows.line_num + layout.heading
            if any(cell.strip() for cell in row):
                yield _record(f"line {number}", row, layout, kind)
    except csv.Error as fault:
        raise UsageError(f"{name} is no CSV: {fault}", "Get the list again, or mend it.") from fault


def _again(first: str, lines: Iterable[str]) -> Iterator[str]:
    if first:
        yield first
    yield from lines


def _bounded(stream: IO[str]) -> Iterator[str]:
    while line := stream.readline(LONGEST):
        if len(line) == LONGEST and not line.endswith(("\n", "\r")):
            raise csv.Error(f"a line has more than {LONGEST:,} characters")
        yield line


def _cells(line: str, mark: str) -> list[str]:
    return [cell.strip().lower() for cell in next(csv.reader([line], delimiter=mark), [])]


def _named(line: str) -> _Layout | None:
    """The layout that a heading gives; None where the line is none."""
    best: _Layout | None = None
    for mark in _MARKS:
        try:
            cells = _cells(line, mark)
        except csv.Error:
            continue
        places = {
            what: cells.index(found[0])
            for what, names in _COLUMNS.items()
            if (found := [one for one in names if one in cells])
        }
        if "value" in places and (best is None or len(places) > len(best.places)):
            best = _Layout(mark, heading=True, places=places)
    return best


def _bare(line: str, name: str) -> _Layout:
    cells = line.split(",")
    if not _BARE.fullmatch(cells[0].strip()):
        raise UsageError(
            f"{name} has no column of signals",
            "Its first line names the columns: signal_type,signal_value,status,id.",
        )
    places = {"value": 0, "id": 1} if len(cells) > 1 else {"value": 0}
    return _Layout(",", heading=False, places=places)


def _check_columns(line: str, layout: _Layout, name: str) -> None:
    cells = _cells(line, layout.mark) if layout.heading else []
    for place in layout.places.values():
        if cells.count(cells[place] if cells else "") > 1:
            raise UsageError(
                f"{name} has more than one column {cells[place][:40]!r}",
                "Leave one of them in the file.",
            )


def _known(signal: str) -> str:
    return _WORDS.get(signal.strip().lower(), signal.strip())


def _record(place: str, row: Sequence[str], layout: _Layout, kind: str) -> ListRecord:
    at = layout.places
    if len(row) <= max(at.values()):
        return faulty(place, f"the line has only {len(row)} fields")
    said = {what: row[number].strip() for what, number in at.items()}
    value = said["value"]
    signal = _known(said.get("signal", "")) or kind or ("md5" if _MD5.fullmatch(value) else "")
    if not signal:
        return faulty(place, "it does not say what its signal is: name it with --signal")
    standing = STANDINGS.get(said.get("status", "").lower())
    if standing is None:
        return faulty(place, f"{said['status'][:40]!r} is no status that is known")
    changed = said.get("changed", "")
    if changed and not (changed.isascii() and changed.isdigit() and len(changed) < 16):
        return faulty(place, "its last_updated is no number of seconds")
    return checked(
        ListRecord(place, signal, value, standing, id=said.get("id", ""), changed=int(changed or 0))
    )


def write(stream: IO[bytes], records: Iterable[ListRecord]) -> int:
    """Write a heading and the records.

    Returns:
        How many there are.
    """
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    rows.writerow(("signal_type", "signal_value", "status", "id", "last_updated"))
    count = 0
    for one in records:
        count += 1
        rows.writerow((one.signal, one.value, one.standing.value, one.id, one.changed or ""))
        if lines.tell() > LONGEST:
            stream.write(lines.getvalue().encode())
            lines.seek(0)
            lines.truncate()
    stream.write(lines.getvalue().encode())
    return count
