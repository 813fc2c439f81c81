"""Values in CSV, one record after another."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from .sheet_parts import (
    KIND_COLUMN,
    LONGEST,
    Record,
    Sheet,
    chosen_column,
    column_names,
    no_column,
    open_text,
    reading,
    record_of,
    text_records,
    usage_fault,
)

_LONGEST_LINE = 8 * LONGEST
"""Characters of a line at most: some of the longest fields."""


def csv_sheet(name: str, kind: str, column: str, encoding: str) -> Sheet:
    """CSV as RFC 4180 says, with a comma, a semicolon or a tab between fields."""
    with reading(name), open_text(name, encoding) as stream:
        head = stream.readline(LONGEST)
    marks = "\t" if name.lower().endswith(".tsv") else ",;\t"
    heads = {mark: _cells(head, mark) for mark in marks}
    names = {column.lower()} if column else set(column_names(kind)) | {KIND_COLUMN}
    with_names = [mark for mark, cells in heads.items() if names & {cell.lower() for cell in cells}]
    if with_names:
        mark = max(with_names, key=lambda mark: len(heads[mark]))
        cells = heads[mark]
        chosen = chosen_column(name, cells, kind, column)
        at = cells.index(chosen)
        says = next((i for i, cell in enumerate(cells) if cell.lower() == KIND_COLUMN), None)
        says = None if kind or says == at else says
        read = _Reading(name, encoding, mark, at, says, heading=True)
        return Sheet(name, chosen, says is not None, read)
    mark = max(marks, key=lambda mark: len(heads[mark]))
    width = len(heads[mark])
    if column:
        if not (column.isascii() and column.isdigit() and 1 <= int(column) <= width):
            raise no_column(name, column, heads[mark])
        return Sheet(name, column, False, _Reading(name, encoding, mark, int(column) - 1))
    if width == 1 or not _comma_ends_a_field(head):
        # An address may hold the signs that stand between fields.
        return Sheet(name, "", says_kinds=False, records=lambda: text_records(name, encoding))
    raise usage_fault(
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


def _bounded(stream: IO[str]) -> Iterator[str]:
    """The lines of a file; one without an end is not held in memory."""
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise csv.Error(f"line longer than {_LONGEST_LINE:,} characters")
        yield line


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
        with reading(self.name), open_text(self.name, self.encoding) as stream:
            rows = csv.reader(_bounded(stream), delimiter=self.mark)
            while True:
                number = rows.line_num + 1
                try:
                    cells = next(rows)
                except StopIteration:
                    return
                except csv.Error as fault:
                    # Where a quote is not closed, nobody knows where the next record begins.
                    raise usage_fault(
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
        return record_of(place, cells[self.at], "" if self.says is None else cells[self.says])
