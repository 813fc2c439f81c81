"""Values in a file, one record after another: text, CSV, JSON lines, Parquet.

A file is never held in memory, and what is wrong with one record is told of that record: whoever
reads on gets the next. Which column holds the values is decided once, from the head of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .csv_sheets import csv_sheet
from .sheet_parts import (
    KIND_COLUMN,
    LONGEST,
    OTHER_NAMES,
    Record,
    Sheet,
    chosen_column,
    lines_of,
    no_column,
    open_text,
    reading,
    record_of,
    text_records,
    usage_fault,
)

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

__all__ = ["LONGEST", "OTHER_NAMES", "Record", "Sheet", "open_sheet"]

ROWS_AT_A_TIME = 256
"""Few: a file may say in a few bytes that each row is as long as can be."""

_PARQUET_MAGIC = b"PAR1"

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


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
    with reading(name), path.open("rb") as stream:
        if not path.is_file():
            raise usage_fault(f"{name} is not a file", "It is read twice: give a file on a disk.")
        head = stream.read(4)
    ending = path.suffix.lower()
    if ending == ".parquet" or head == _PARQUET_MAGIC:
        return _parquet(name, kind, column)
    encoding = "utf-16" if head[:2] in _UTF16 else "utf-8-sig"
    if ending in {".jsonl", ".ndjson"}:
        return _json_lines(name, kind, column, encoding)
    if ending in {".csv", ".tsv"}:
        return csv_sheet(name, kind, column, encoding)
    if column:
        raise usage_fault(
            f"{name} is read as text with one value a line: it has no column {column!r}",
            "Files with columns end in .csv, .tsv, .jsonl or .parquet.",
        )
    return Sheet(name, "", says_kinds=False, records=lambda: text_records(name, encoding))


def _json_lines(name: str, kind: str, column: str, encoding: str) -> Sheet:
    parsed = (found for _, found in _parsed(name, encoding))
    first = next((found for found in parsed if isinstance(found, dict)), None)
    if first is None:  # every line is a value
        if column:
            raise no_column(name, column, ())
        return Sheet(
            name, "", says_kinds=False, records=lambda: _json_values(name, encoding, "", says=False)
        )
    fields: dict[str, object] = first
    chosen = chosen_column(name, list(fields), kind, column)
    says_kinds = not kind and KIND_COLUMN in fields and chosen != KIND_COLUMN
    return Sheet(
        name, chosen, says_kinds, lambda: _json_values(name, encoding, chosen, says=says_kinds)
    )


def _parsed(name: str, encoding: str) -> Iterator[tuple[str, object]]:
    """Every line's JSON value; a `Record` where it has none."""
    with reading(name), open_text(name, encoding) as stream:
        for number, line in lines_of(stream):
            place = f"line {number}"
            if line is None:
                what = f"the line has more than {LONGEST:,} characters"
                yield place, Record(place, fault=what)
            elif line.strip():
                try:
                    yield place, json.loads(line)
                except (ValueError, RecursionError):
                    yield place, Record(place, fault="the line is not JSON")


def _json_values(name: str, encoding: str, column: str, *, says: bool) -> Iterator[Record]:
    for place, found in _parsed(name, encoding):
        if isinstance(found, Record):
            yield found
        elif isinstance(found, dict):
            if column and column in found:
                kind = found.get(KIND_COLUMN) if says else ""
                record = record_of(place, found[column], kind)
            else:
                record = Record(place, fault=f"the record has no field {column!r}")
            if record:
                yield record
        elif record := record_of(place, found):
            yield record


def _parquet(name: str, kind: str, column: str) -> Sheet:
    with _parquet_faults(name):
        from pyarrow.parquet import ParquetFile

        with ParquetFile(name) as opened:
            schema, count = opened.schema_arrow, opened.metadata.num_rows
    chosen = chosen_column(name, schema.names, kind, column)
    for one in (chosen, KIND_COLUMN):
        if schema.names.count(one) > 1:
            raise usage_fault(
                f"{name} has more than one column {one!r}", "Leave one of them in the file."
            )
    if not _is_text(schema.field(chosen).type):
        raise usage_fault(
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
        for number, value in enumerate(batch.column(column)):
            kind = batch.column(KIND_COLUMN)[number].as_py() if says else ""
            if record := record_of(f"row {row}", value.as_py(), kind):
                yield record
            row += 1


@contextmanager
def _parquet_faults(name: str) -> Iterator[None]:
    try:
        with reading(name):
            yield
    except Exception as fault:
        # pyarrow has no common ancestor for what it raises about files.
        if type(fault).__module__.partition(".")[0] != "pyarrow":
            raise
        raise usage_fault(f"{name} cannot be read as Parquet", "Check the file.") from fault
