"""`<name>.matches.parquet`: which entry met which row of a shard, and where. No content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from optout.filter.errors import EvidenceError

SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("entry", pa.int64()),
        pa.field("leaf", pa.string()),
        pa.field("distance", pa.int32()),
    ]
)
"""Row counted from 0 in the input; verdict `drop`, `quarantine` or `held`; the kind and index of
the entry, null where there is none; the leaf's path; the distance, of images only."""

VERDICTS = frozenset({"drop", "quarantine", "held"})


def write_matches(stream: IO[bytes], matches: pa.Table | Iterable[pa.RecordBatch]) -> None:
    """Write matches; the same matches in any order make the same bytes.

    Args:
        stream: where to.
        matches: of `SCHEMA`, in any order and any batches; a match that is there twice is
            written once.

    Raises:
        OSError: they cannot be written.
    """
    if not isinstance(matches, pa.Table):
        matches = pa.Table.from_batches(matches, SCHEMA)
    columns = SCHEMA.names
    table = matches.select(columns).cast(SCHEMA)
    table = table.sort_by([(name, "ascending") for name in columns])
    table = _once(table.combine_chunks())
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.combine_chunks(),
        sink,
        row_group_size=1 << 20,
        compression="zstd",
        use_dictionary=["verdict", "kind", "leaf"],
    )
    data = memoryview(sink.getvalue())
    while data:
        data = data[stream.write(data) :]


def _once(table: pa.Table) -> pa.Table:
    """Sorted rows, equal ones once."""
    # Not by `group_by`, which brings a whole engine of queries along.
    first, others = table.slice(0, 1), table.slice(1)
    same = None
    for column, before in zip(others.columns, table.columns, strict=True):
        before = before.slice(0, len(column))  # what stands one row above
        equal = pc.equal(column, before)
        equal = pc.coalesce(equal, pc.and_(column.is_null(), before.is_null()))
        same = equal if same is None else pc.and_(same, equal)
    return pa.concat_tables([first, others.filter(pc.invert(same))])


def read_matches(data: bytes, name: str = "the matches") -> pa.Table:
    """Read what `write_matches` wrote.

    Raises:
        EvidenceError: it is damaged, or has other columns or verdicts.
    """
    advice = "Filter the shard again."
    try:
        table = pq.read_table(pa.BufferReader(data))
        table.validate(full=True)  # text that is no UTF-8 passes until somebody looks at it
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise EvidenceError(f"{name} cannot be read", advice) from fault
    if not table.schema.equals(SCHEMA):
        raise EvidenceError(f"{name} has not the columns of matches", advice)
    strange = set(table["verdict"].unique().to_pylist()) - VERDICTS
    if strange:
        raise EvidenceError(f"{name} has an unknown verdict {min(strange)}", advice)
    return table
