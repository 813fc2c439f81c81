"""Which form a list of hashes has, if it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import IO

from optout.registry.errors import UsageError

from . import stopncii, threatexchange_csv, threatexchange_json
from .json_items import json_items
from .records import LONGEST, ListRecord

FORMS: Mapping[str, ModuleType] = {
    module.NAME: module for module in (threatexchange_csv, threatexchange_json, stopncii)
}
"""The forms that lists are read and written in, by name."""

_JSON_ENDINGS = {".json", ".jsonl", ".ndjson"}
_CSV_ENDINGS = {".csv", ".tsv"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class HashList:
    """A file that is a list of hashes.

    Attributes:
        name: the file, as it was given.
        form: one of `FORMS`.
        records: reads it from the beginning, once more each time it is called.
    """

    name: str
    form: str
    records: Callable[[], Iterator[ListRecord]]


def open_hash_list(name: str, form: str = "", signal: str = "") -> HashList | None:
    """See whether a file is a list of hashes.

    Args:
        name: its path.
        form: what it is, if the caller says so; otherwise empty.
        signal: what its signals are, where the file does not say; otherwise empty.

    Returns:
        The list; None where it is none, and nobody has said that it is.

    Raises:
        UsageError: it is no file or cannot be read, there is no such form, or it is JSON of none
            that is known.
    """
    if form and form not in FORMS:
        raise UsageError(f"{form!r} is no form of hash list", f"It may be {', '.join(FORMS)}.")
    with _reading(name):
        is_file = Path(name).is_file() or not Path(name).exists()
    if not is_file and not form and not signal:
        return None
    if not is_file:
        raise UsageError(
            f"{name} is not a file", "It is read several times: give a file on a disk."
        )
    with _opened(name) as (stream, encoding):
        found = form or _form(name, stream) or (threatexchange_csv.NAME if signal else "")
    return HashList(name, found, lambda: _records(name, found, signal, encoding)) if found else None


def _form(name: str, stream: IO[str]) -> str:
    ending = Path(name).suffix.lower()
    if ending in _CSV_ENDINGS:
        return threatexchange_csv.NAME if threatexchange_csv.is_heading(_line(stream)) else ""
    if ending not in _JSON_ENDINGS:
        return ""
    try:
        items = json_items(stream, name, {stopncii.ARRAY, threatexchange_json.ARRAY})
        first = next(islice(items, 1), None)
    except UsageError:
        if ending == ".json":
            raise
        return ""  # lines of which one is wrong are told one by one
    for module in (stopncii, threatexchange_json):
        record = first.record if first else None
        page = first.page if first else None
        if isinstance(record, dict) and module.is_record(record):
            return str(module.NAME)
        if page is not None and module.ARRAY in page:
            return str(module.NAME)
    if ending == ".json":
        raise UsageError(
            f"{name} is JSON, and no hash list that is known here",
            f"Say what it is with --format: {', '.join(FORMS)}; lists of one value a line end in "
            ".jsonl.",
        )
    return ""


def _line(stream: IO[str]) -> str:
    return stream.readline(LONGEST)


def _records(name: str, form: str, signal: str, encoding: str) -> Iterator[ListRecord]:
    with _opened(name, encoding) as (stream, _):
        if form == threatexchange_csv.NAME:
            yield from threatexchange_csv.read(stream, name, signal)
        else:
            yield from FORMS[form].read(stream, name)


@contextmanager
def _opened(name: str, encoding: str = "") -> Iterator[tuple[IO[str], str]]:
    """A file as text, and its encoding; what is no UTF-8 is told record by record."""
    path = Path(name)
    with _reading(name):
        if not encoding:
            with path.open("rb") as binary:
                head = binary.read(2)
            encoding = "utf-16" if head in _UTF16 else "utf-8-sig"
        with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
            yield stream, encoding


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is not what its name says"
        raise UsageError(f"{name} cannot be read: {why}", "Check the path and the file.") from fault
