"""A first look over all inputs: what each is, its schema, and a few of its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
from optout.filter.columns import FEATURES, Sample, text_columns
from optout.filter.errors import ShardError
from optout.filter.parquet import InputIdentity, ShardReader

from .inputs import Shard
from .progress import Progress

Item = TypeVar("Item")

SHARDS_SAMPLED = 8
"""Of every schema, spread over its shards."""

ROW_GROUPS_SAMPLED = 3
"""Of a shard: the first, the middle and the last. Failed downloads often stand together."""

ROWS_SAMPLED = 300
"""Of a row group."""

BYTES_SAMPLED = 4 << 20
"""Of a row group; a picture may be larger than all addresses together."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What is known of an input before it is scanned.

    Attributes:
        shard: its name and path.
        identity: what tells it apart; None where it cannot be read.
        rows: how many it has.
        row_groups: how many.
        schema: its columns; None where it cannot be read.
        fault: why it cannot be read.
    """

    shard: Shard
    identity: InputIdentity | None
    rows: int = 0
    row_groups: int = 0
    schema: pa.Schema | None = None
    fault: ShardError | None = None


def survey(shards: Sequence[Shard], progress: Progress) -> list[Surveyed]:
    """Read the footer of every input; one that cannot be read is named, not fatal."""
    progress.stage("plan", len(shards))
    seen: list[Surveyed] = []
    schemas: dict[_Known, pa.Schema] = {}
    for shard in shards:
        try:
            with ShardReader(shard.path, shard.name) as reader:
                schema = _once(schemas, reader.schema)
                groups = len(reader.row_groups)
                seen.append(Surveyed(shard, reader.identity, reader.rows, groups, schema))
        except ShardError as fault:
            seen.append(Surveyed(shard, None, fault=fault))
        progress.advance(1, shard.name)
    return seen


def samples(seen: Sequence[Surveyed]) -> Iterator[Sample]:
    """Some values of some shards of every schema; the same for the same inputs."""
    groups: dict[_Known, list[Surveyed]] = {}
    for each in seen:
        if each.schema is not None:
            groups.setdefault(_known(each.schema), []).append(each)
    for members in groups.values():
        for each in _spread(members, SHARDS_SAMPLED):
            if each.schema is not None:
                yield Sample(each.schema, _rows(each, each.schema))


_Known = tuple[pa.Schema, bytes]
"""A schema without metadata, and what the data set says of its own columns."""


def _known(schema: pa.Schema) -> _Known:
    return schema.remove_metadata(), (schema.metadata or {}).get(FEATURES, b"")


def _once(schemas: dict[_Known, pa.Schema], schema: pa.Schema) -> pa.Schema:
    """A schema as it is kept: ten thousand shards share a few, and each is kept once."""
    plain, features = known = _known(schema)
    kept = plain.with_metadata({FEATURES: features}) if features else plain
    return schemas.setdefault(known, kept)


def _rows(seen: Surveyed, schema: pa.Schema) -> pa.Table | None:
    names = text_columns(schema)
    if not names:
        return None
    batches: list[pa.RecordBatch] = []
    try:
        with ShardReader(seen.shard.path, seen.shard.name) as reader:
            filled = [group.index for group in reader.row_groups if group.rows]
            for index in _spread(filled, ROW_GROUPS_SAMPLED):
                reading = reader.batches(sorted(names), max_bytes=BYTES_SAMPLED, row_groups=[index])
                batches += [batch.data[:ROWS_SAMPLED] for batch in [next(reading)]]
    except ShardError:
        return None  # the scan meets it again, and names it
    return pa.Table.from_batches(batches) if batches else None


def _spread(items: Sequence[Item], number: int) -> list[Item]:
    """Up to `number` of some items, evenly spaced, the first and the last among them."""
    if len(items) <= number:
        return list(items)
    return [items[round(i * (len(items) - 1) / (number - 1))] for i in range(number)]
