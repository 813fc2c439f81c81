"""A shard's record: what was written is read, and any other byte is noticed."""

from __future__ import annotations

import dataclasses

import pytest
from optout.filter.errors import EvidenceError
from optout.filter.evidence import FileDigest, ShardRecord, SourceDigest
from optout.registry import documents

RECORD = ShardRecord(
    shard="2024/a.parquet",
    plan="11" * 32,
    decision="22" * 32,
    mode="rewrite",
    how="spliced",
    why="3 row groups have no row to remove",
    source=SourceDigest(1000, "33" * 32, 1_790_000_000_123_456_789, "44" * 32),
    output=FileDigest.of(b"output"),
    vector=FileDigest.of(b"vector"),
    matches=FileDigest.of(b"matches"),
    quarantine=None,
    rows_in=10,
    rows_kept=7,
    rows_dropped=2,
    rows_quarantined=1,
    dropped_by_kind={"url": 2, "image": 1},
    counts={"image.bytes": {"null": 3}},
)


def test_a_record_is_read_back() -> None:
    assert ShardRecord.parse(RECORD.render()) == RECORD
    source = dataclasses.replace(RECORD.source, sha256=None)
    mask = dataclasses.replace(RECORD, mode="mask", how="masked", source=source, output=None)
    assert ShardRecord.parse(mask.render()) == mask


def test_any_changed_byte_is_noticed() -> None:
    data = RECORD.render()
    for place in range(len(data)):
        for bit in (0, 2, 5):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(EvidenceError):
                ShardRecord.parse(bytes(changed), "a.parquet.json")


def test_any_missing_or_added_byte_is_noticed() -> None:
    data = RECORD.render()
    for changed in (data[:-1], data + b"\n", b" " + data, data.replace(b": ", b":  ", 1), b""):
        with pytest.raises(EvidenceError, match=r"a\.json"):
            ShardRecord.parse(changed, "a.json")


def resealed(**changes: object) -> bytes:
    body = documents.parse(RECORD.render(), "record")
    del body["seal"]
    for name, value in changes.items():
        if value is None:
            del body[name]
        else:
            body[name] = value
    from optout.filter.evidence.record import _seal

    return documents.render({**body, "seal": _seal(body)})


@pytest.mark.parametrize(
    "changes",
    [
        {"rows_kept": 8},
        {"format": "optout/v2/shard"},
        {"extra": 1},
        {"rows_in": None},
        {"source": {"size": 1}},
        {"vector": {"sha256": "aa", "size": 1, "more": 2}},
    ],
)
def test_a_sealed_record_of_another_shape_is_refused(changes: dict) -> None:
    assert ShardRecord.parse(resealed()) == RECORD
    with pytest.raises(EvidenceError):
        ShardRecord.parse(resealed(**changes))
