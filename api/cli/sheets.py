"""Values in a file, one record after another: text, CSV, JSON lines, Parquet.

A file is never held in memory, and what is wrong with one record is told of that record: whoever
reads on gets the next. Which column holds the values is decided once, from the head of the file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

LONGEST = 1 << 20
"""Characters of the longest line or field that is read; a longer one is a fault."""

ROWS_AT_A_TIME = 4096

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

_PARQUET_MAGIC = b"PAR1"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


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


def open_sheet(name: str, kind: str, column: str) -> Sheet:
    """Find out how a file is read.

    Args:
        name: its path. What it holds is told by its ending: csv, tsv, jsonl, ndjson, parquet;
            anything else is text with one value a line.
        kind: what its values are, if the caller says so; otherwise empty.
        column: which column holds them, if the caller says so: a name, or a number from 1 where
            the file has no heading; otherwise empty.

    Raises:
        UsageError: the file cannot be read, or does not tell which column is meant.
    """
    path = Path(name)
    with _faults(name), path.open("rb") as stream:
        if not path.is_file():
            raise _usage(f"{name} is not a file", "It is read twice: give a file on a disk.")
        head = stream.read(4)
    ending = path.suffix.lower()
    if ending == ".parquet" or head == _PARQUET_MAGIC:
        return _parquet(name, kind, column)
    encoding = "utf-16" if head[:2] in _UTF16 else "utf-8-sig"
    if ending in {".jsonl", ".ndjson"}:
        return _json_lines(name, kind, column, encoding)
    if ending in {".csv", ".tsv"}:
        return _table(name, kind, column, encoding)
    if column:
        raise _usage(
            f"{name} is read as text with one value a line: it has no column {column!r}",
            "Files with columns end in .csv, .tsv, .jsonl or .parquet.",
        )
    return Sheet(name, "", says_kinds=False, records=lambda: _text(name, encoding))


def _usage(message: str, advice: str) -> Exception:
    from optout.registry.errors import UsageError

    return UsageError(message, advice)


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "it is not what its name says"
        raise _usage(f"{name} cannot be read: {why}", "Check the path and the file.") from fault


def _opened(name: str, encoding: str) -> IO[str]:
    # What is no UTF-8 becomes half a surrogate pair, and its record a fault: not the whole file.
    return Path(name).open(encoding=encoding, errors="surrogateescape", newline="")


def _lines(stream: IO[str]) -> Iterator[tuple[int, str | None]]:
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


def _record(place: str, value: object, kind: object = "") -> Record | None:
    """A record of what stands in its fields; None where nothing does."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str) or not isinstance(kind or "", str):
        return Record(place, fault="the value is not text")
    try:
        value.encode()
    except UnicodeEncodeError:
        return Record(place, fault="the line is not UTF-8 text")
    return Record(place, value.strip(), str(kind or "").strip().lower())


def _text(name: str, encoding: str) -> Iterator[Record]:
    with _faults(name), _opened(name, encoding) as stream:
        for number, line in _lines(stream):
            place = f"line {number}"
            if line is None:
                yield Record(place, fault=f"the line has more than {LONGEST:,} characters")
            elif record := _record(place, line):
                yield record


def _json_lines(name: str, kind: str, column: str, encoding: str) -> Sheet:
    parsed = (found for _, found in _parsed(name, encoding))
    first = next((found for found in parsed if isinstance(found, dict)), None)
    if first is None:  # every line is a value
        if column:
            raise _no_column(name, column, ())
        return Sheet(name, "", says_kinds=False, records=lambda: _json_values(name, encoding, ""))
    fields: dict[str, object] = first
    chosen = _chosen(name, list(fields), kind, column)
    says_kinds = not kind and KIND_COLUMN in fields and chosen != KIND_COLUMN
    return Sheet(name, chosen, says_kinds, lambda: _json_values(name, encoding, chosen))


def _parsed(name: str, encoding: str) -> Iterator[tuple[str, object]]:
    """Every line's JSON value; a `Record` where it has none."""
    with _faults(name), _opened(name, encoding) as stream:
        for number, line in _lines(stream):
            place = f"line {number}"
            if line is None:
                what = f"the line has more than {LONGEST:,} characters"
                yield place, Record(place, fault=what)
            elif line.strip():
                try:
                    yield place, json.loads(line)
                except (ValueError, RecursionError):
                    yield place, Record(place, fault="the line is not JSON")


def _json_values(name: str, encoding: str, column: str) -> Iterator[Record]:
    for place, found in _parsed(name, encoding):
        if isinstance(found, Record):
            yield found
        elif isinstance(found, dict):
            if column and column in found:
                record = _record(place, found[column], found.get(KIND_COLUMN))
            else:
                record = Record(place, fault=f"the record has no field {column!r}")
            if record:
                yield record
        elif record := _record(place, found):
            yield record


def _table(name: str, kind: str, column: str, encoding: str) -> Sheet:
    """CSV as RFC 4180 says, with a comma, a semicolon or a tab between fields."""
    with _faults(name), _opened(name, encoding) as stream:
        head = stream.readline(LONGEST)
    marks = "\t" if name.lower().endswith(".tsv") else ",;\t"
    heads = {mark: _cells(head, mark) for mark in marks}
    names = {column.lower()} if column else set(_names(kind)) | {KIND_COLUMN}
    with_names = [mark for mark, cells in heads.items() if names & {cell.lower() for cell in cells}]
    if with_names:
        mark = max(with_names, key=lambda mark: len(heads[mark]))
        cells = heads[mark]
        chosen = _chosen(name, cells, kind, column)
        at = cells.index(chosen)
        says = next((i for i, cell in enumerate(cells) if cell.lower() == KIND_COLUMN), None)
        says = None if kind or says == at else says
        read = _Reading(name, encoding, mark, at, says, heading=True)
        return Sheet(name, chosen, says is not None, read)
    mark = max(marks, key=lambda mark: len(heads[mark]))
    width = len(heads[mark])
    if column:
        if not (column.isascii() and column.isdigit() and 1 <= int(column) <= width):
            raise _no_column(name, column, heads[mark])
        return Sheet(name, column, False, _Reading(name, encoding, mark, int(column) - 1))
    if width == 1 or not _comma_ends_a_field(head):
        # An address may hold the signs that stand between fields.
        return Sheet(name, "", says_kinds=False, records=lambda: _text(name, encoding))
    raise _usage(
        f"{name} has {width} columns, and none is named as values are",
        "Say which it is: --column NAME, or --column 1 for the first where there is no heading.",
    )


def _comma_ends_a_field(head: str) -> bool:
    """Whether a first line without a known name is a row of several fields."""
    return not head.lstrip().lower().startswith(("http://", "https://")) or '"' in head


def _cells(line: str, mark: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=mark), [])]
    except csv.Error:
        return []


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads one column of a CSV file, and the kinds beside it."""

    name: str
    encoding: str
    mark: str
    at: int
    says: int | None = None
    heading: bool = False

    def __call__(self) -> Iterator[Record]:
        csv.field_size_limit(LONGEST)
        with _faults(self.name), _opened(self.name, self.encoding) as stream:
            rows = csv.reader(stream, delimiter=self.mark)
            while True:
                number = rows.line_num + 1
                try:
                    cells = next(rows)
                except StopIteration:
                    return
                except csv.Error as fault:
                    # Where a quote is not closed, nobody knows where the next record begins.
                    raise _usage(
                        f"{self.name} line {number} is no CSV: {fault}",
                        "Mend the file from there on, then repeat.",
                    ) from fault
                if self.heading and number == 1:
                    continue
                if record := self._record(f"line {number}", cells):
                    yield record

    def _record(self, place: str, cells: Sequence[str]) -> Record | None:
        if not any(cell.strip() for cell in cells):
            return None
        if len(cells) <= max(self.at, self.says or 0):
            return Record(place, fault=f"the line has only {len(cells)} fields")
        return _record(place, cells[self.at], "" if self.says is None else cells[self.says])


def _parquet(name: str, kind: str, column: str) -> Sheet:
    with _parquet_faults(name):
        from pyarrow.parquet import ParquetFile

        with ParquetFile(name) as opened:
            schema, count = opened.schema_arrow, opened.metadata.num_rows
    chosen = _chosen(name, schema.names, kind, column)
    if not _is_text(schema.field(chosen).type):
        raise _usage(
            f"the column {chosen!r} of {name} holds {schema.field(chosen).type}, not text",
            "Name the column that holds the values: --column NAME",
        )
    says_kinds = not kind and KIND_COLUMN in schema.names and chosen != KIND_COLUMN
    return Sheet(name, chosen, says_kinds, lambda: _rows(name, chosen, says=says_kinds), count)


def _is_text(form: Any) -> bool:  # noqa: ANN401 (a type of pyarrow, which has no stubs)
    import pyarrow as pa

    if pa.types.is_dictionary(form):
        form = form.value_type
    return bool(
        pa.types.is_string(form) or pa.types.is_large_string(form) or pa.types.is_string_view(form)
    )


def _rows(name: str, column: str, *, says: bool) -> Iterator[Record]:
    with _parquet_faults(name):
        from pyarrow.parquet import ParquetFile

        with ParquetFile(name) as opened:
            yield from _values(opened, column, says=says)


def _values(opened: ParquetFile, column: str, *, says: bool) -> Iterator[Record]:
    row = 0
    columns = [column, KIND_COLUMN] if says else [column]
    for batch in opened.iter_batches(ROWS_AT_A_TIME, columns=columns):
        values = batch.column(column).to_pylist()
        kinds = batch.column(KIND_COLUMN).to_pylist() if says else [""] * len(values)
        for value, kind in zip(values, kinds, strict=True):
            if record := _record(f"row {row}", value, kind):
                yield record
            row += 1


@contextmanager
def _parquet_faults(name: str) -> Iterator[None]:
    try:
        with _faults(name):
            yield
    except Exception as fault:
        # pyarrow has no common ancestor for what it raises about files.
        if type(fault).__module__.partition(".")[0] != "pyarrow":
            raise
        raise _usage(f"{name} cannot be read as Parquet", "Check the file.") from fault


def _names(kind: str) -> Iterator[str]:
    """What the column of values may be called, the likeliest first."""
    kinds = [kind] if kind else list(OTHER_NAMES)
    yield from chain(kinds, ("value",), *(OTHER_NAMES.get(one, ()) for one in kinds))


def _chosen(name: str, columns: Sequence[str], kind: str, column: str) -> str:
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
        raise _no_column(name, column, columns)
    found = [folded[one] for one in _names(kind) if one in folded]
    if not found:
        raise _usage(
            f"{name} has no column that is named as values are",
            f"Say which it is with --column; it may be {_listed(columns)}.",
        )
    return found[0]


def _no_column(name: str, column: str, columns: Sequence[str]) -> Exception:
    have = f"It has {_listed(columns)}." if columns else "Its lines are values themselves."
    return _usage(f"{name} has no column {column!r}", have)


def _listed(columns: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(one[:40]) for one in columns[:most])
    return shown + (" and others" if len(columns) > most else "")
