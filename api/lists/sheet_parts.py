"""What the readers of every form of file share: records, faults, the choice of a column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

LONGEST = 1 << 20
"""Characters of the longest line or field that is read; a longer one is a fault."""

KIND_COLUMN = "kind"
"""A column of this name says the kind of each record, where no kind is given for all."""

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "url": ("link", "address", "uri", "image_url"),
    "site": ("domain", "host"),
    "prefix": (),
    "account": ("handle", "profile"),
    "work": ("isbn", "doi", "arxiv", "iscc"),
    "text": ("passage", "caption"),
    "file": ("sha256", "md5", "path"),
    "image": ("path",),
}
"""What columns of each kind are called, beside the kind's own name and `value`."""


@dataclass(frozen=True, slots=True)
class Record:
    """One value of a file, or why there is none.

    Attributes:
        place: where it stands, as people count: `line 3`, `row 12`.
        value: as it was written; empty where `fault` says why.
        kind: what the record says it is; empty where it does not say.
        fault: what is wrong with the record itself.
    """

    place: str
    value: str = ""
    kind: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of values, and how it is read.

    Attributes:
        name: the file, as it was given.
        column: what its column of values is called; empty where it has none.
        says_kinds: whether each record says its kind.
        records: reads it from the beginning, once more each time it is called.
        count: how many records it has, where that is known before they are read.
    """

    name: str
    column: str
    says_kinds: bool
    records: Callable[[], Iterator[Record]]
    count: int | None = None


def usage_fault(message: str, advice: str) -> Exception:
    """What is wrong with a file as it was named or asked for, ready to be raised."""
    from optout.registry.errors import UsageError

    return UsageError(message, advice)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """What goes wrong while a file is read, as its caller's fault."""
    try:
        yield
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is not what its name says"
        raise usage_fault(
            f"{name} cannot be read: {why}", "Check the path and the file."
        ) from fault


def open_text(name: str, encoding: str) -> IO[str]:
    """A file of text, open; broken text is told record by record."""
    # What is no UTF-8 becomes half a surrogate pair, and its record a fault: not the whole file.
    return Path(name).open(encoding=encoding, errors="surrogateescape", newline="")


def lines_of(stream: IO[str]) -> Iterator[tuple[int, str | None]]:
    """Lines with their numbers from 1; None for one that is too long to be meant."""
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        if len(line) < LONGEST or line.endswith("\n"):
            yield number, line
            continue
        while line and not line.endswith("\n"):
            line = stream.readline(LONGEST)
        yield number, None


def record_of(place: str, value: object, kind: object = "") -> Record | None:
    """A record of what stands in its fields; None where nothing does."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) or not isinstance(kind or "", str):
        return Record(place, fault="the value is not text")
    if len(value) > LONGEST:
        return Record(place, fault=f"the value has more than {LONGEST:,} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        return Record(place, fault="the line is not UTF-8 text")
    return Record(place, value.strip(), str(kind or "").strip().lower())


def text_records(name: str, encoding: str) -> Iterator[Record]:
    """The lines of a file, one value each."""
    with reading(name), open_text(name, encoding) as stream:
        for number, line in lines_of(stream):
            place = f"line {number}"
            if line is None:
                yield Record(place, fault=f"the line has more than {LONGEST:,} characters")
            elif record := record_of(place, line):
                yield record


def column_names(kind: str) -> Iterator[str]:
    """What the column of values may be called, the likeliest first."""
    kinds = [kind] if kind else list(OTHER_NAMES)
    yield from chain(kinds, ("value",), *(OTHER_NAMES.get(one, ()) for one in kinds))


def chosen_column(name: str, columns: Sequence[str], kind: str, column: str) -> str:
    """The column that holds the values, as it is written in the file.

    Raises:
        UsageError: there is none, or more than one that may be meant.
    """
    folded: dict[str, str] = {}
    for one in reversed(columns):
        folded[one.lower()] = one
    if column:
        if column in columns:
            return column
        if column.lower() in folded:
            return folded[column.lower()]
        raise no_column(name, column, columns)
    found = [folded[one] for one in column_names(kind) if one in folded]
    if not found:
        raise usage_fault(
            f"{name} has no column that is named as values are",
            f"Say which it is with --column; it may be {_listed(columns)}.",
        )
    return found[0]


def no_column(name: str, column: str, columns: Sequence[str]) -> Exception:
    """A file has no such column, ready to be raised."""
    have = f"It has {_listed(columns)}." if columns else "Its lines are values themselves."
    return usage_fault(f"{name} has no column {column!r}", have)


def _listed(columns: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(one[:40]) for one in columns[:most])
    return shown + (" and others" if len(columns) > most else "")
