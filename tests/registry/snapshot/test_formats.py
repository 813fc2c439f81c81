"""The files that filters load, read by hand, field by field."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from optout.registry.identifiers import Grade, Kind, usage_mask
from optout.registry.images import NAMESPACES, VARIANTS
from optout.registry.index.pigeonhole import MOST_BYTES
from optout.registry.log import fold
from optout.registry.snapshot import Snapshot
from optout.registry.snapshot.formats import (
    HASH_SIZES,
    IDENTIFIER,
    PROBE,
    RECORDS,
    VARIANT_CODES,
    image_type,
)

from .conftest import LogBook

VARIANT = dict(enumerate(VARIANTS))


def segment(snapshot: Snapshot) -> Path:
    (folder,) = (snapshot.path / "segments").iterdir()
    return folder


def test_identifiers_are_what_the_log_says_in_the_order_of_their_probes(
    snapshot: Snapshot, book: LogBook
) -> None:
    probes = [
        n for (n,) in struct.iter_unpack("<Q", (segment(snapshot) / "probes.bin").read_bytes())
    ]
    records = list(
        struct.iter_unpack("<32sQIHH", (segment(snapshot) / "identifiers.bin").read_bytes())
    )
    entries = fold(book.leaves).entries
    expected = sorted(
        (
            identifier.probe,
            identifier.digest,
            index,
            usage_mask(entries[index].usage),
            identifier.kind.code,
            entries[index].grade.rank,
        )
        for index, identifier in book.identifiers().items()
    )
    assert [(probe, *record) for probe, record in zip(probes, records, strict=True)] == expected


def test_variants_of_pictures_are_what_the_openings_hold(snapshot: Snapshot, book: LogBook) -> None:
    entries = fold(book.leaves).entries
    for namespace, size in (("phash256", 32), ("phash64", 8), ("pdq256", 32)):
        data = (segment(snapshot) / f"images-{namespace}.bin").read_bytes()
        records = list(struct.iter_unpack(f"<{size}sQIHBB", data))
        found = {
            (entry, VARIANT[variant]): (packed, usage, radius, grade)
            for packed, entry, usage, radius, variant, grade in records
        }
        assert len(found) == len(records)
        assert found == {
            (index, variant): (
                packed,
                usage_mask(entries[index].usage),
                identifier.radius,
                entries[index].grade.rank,
            )
            for index, identifier in book.identifiers().items()
            for variant, packed in identifier.hashes.get(namespace, {}).items()
        }
        assert [record[1] for record in records] == sorted(record[1] for record in records)


def test_an_identifier_takes_at_most_64_bytes() -> None:
    assert PROBE.itemsize + IDENTIFIER.itemsize <= 64


def test_a_variant_of_a_picture_takes_at_most_150_bytes() -> None:
    assert sum(image_type(namespace).itemsize for namespace in HASH_SIZES) <= 150


def test_a_hash_with_its_record_and_postings_takes_at_most_150_bytes() -> None:
    for namespace in HASH_SIZES:
        assert image_type(namespace).itemsize + MOST_BYTES <= 150


def test_every_record_is_little_endian_and_has_no_unused_byte() -> None:
    for record in RECORDS.values():
        fields = [] if record.fields is None else [kind for kind, *_ in record.fields.values()]
        assert all(kind.newbyteorder("<") == kind for kind in [record, *fields])
        assert sum(kind.itemsize for kind in fields) in (0, record.itemsize)


def test_there_is_room_for_a_thousand_million_entries() -> None:
    for record in (IDENTIFIER, *map(image_type, HASH_SIZES)):
        assert np.iinfo(record["entry"]).max > 10**9


def test_every_hash_that_registration_makes_has_a_place() -> None:
    assert {name: side * side // 8 for name, side in NAMESPACES.items()} == HASH_SIZES
    assert set(VARIANTS) == set(VARIANT_CODES)


def test_codes_and_ranks_fit_into_their_fields() -> None:
    assert max(kind.code for kind in Kind) <= np.iinfo(IDENTIFIER["kind"]).max
    assert max(grade.rank for grade in Grade) <= np.iinfo(image_type("phash64")["grade"]).max
