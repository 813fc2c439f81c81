"""`<name>.matches.parquet`: which entry met which row of a shard, and where. No content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import pyarrow as pa
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
    if table.num_rows:
        table = table.group_by(columns).aggregate([]).select(columns).cast(SCHEMA)
        table = table.sort_by([(name, "ascending") for name in columns])
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
