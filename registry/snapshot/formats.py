"""The files that a filter loads, byte by byte: records of one length, little-endian.

    segments/<name>/probes.bin             PROBE        one an entry, ascending
    segments/<name>/identifiers.bin        IDENTIFIER   one an entry, in the same order
    segments/<name>/filter.bin             bytes        says quickly which probes are not there
    segments/<name>/directory.bin          PLACE        where probes begin, by their upper bits
    segments/<name>/prefix-hosts.bin       bytes        the hosts on which there is a prefix
    segments/<name>/images-<namespace>.bin image_type() one for every variant of a picture
    segments/<name>/radius-<namespace>.bin NUMBER       where variants stand that are alike in part

Only `filter.bin` and `radius-<namespace>.bin` have a header; theirs is a number at the beginning,
of shards and of the layout. What else there is to know about them (how many, which version) stands
in `snapshot.json`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

PROBE = np.dtype("<u8")
"""The XXH3-64 by which an entry is looked for. A file of its own, so that a search touches nothing
but probes."""

IDENTIFIER = np.dtype(
    [
        ("digest", "u1", (32,)),  # SHA-256: the identity
        ("entry", "<u8"),  # position in the log
        ("usage", "<u4"),  # bit i stands for `USAGES[i]`
        ("kind", "<u2"),  # `Kind.code`
        ("grade", "<u2"),  # `Grade.rank`
    ]
)
"""One entry, sorted by probe, then digest, then entry. 48 bytes; with its probe 56."""

ENTRY = np.dtype([("probe", "<u8"), *IDENTIFIER.descr])
"""A probe and its identifier: what stands in two files, as it is sorted."""

PLACE = np.dtype("<u4")
"""A position in `probes.bin`; `optout.registry.index.tables` says of what."""

NUMBER = np.dtype("<u4")
"""A number in the postings of hashes; `optout.registry.index.postings` says of what."""

BYTE = np.dtype("u1")

HASH_SIZES: Mapping[str, int] = {"phash256": 32, "phash64": 8, "pdq256": 32}
"""Bytes of a hash, by namespace."""

VARIANT_CODES: Mapping[str, int] = {
    "original": 0,
    "square": 1,
    "padded": 2,
    "original-jpeg": 3,
    "original-palette": 4,
    "square-jpeg": 5,
    "square-palette": 6,
    "padded-jpeg": 7,
    "padded-palette": 8,
}
"""What files store in place of a variant's name; never changes."""


def image_type(namespace: str) -> np.dtype[np.void]:
    """The record of one variant of a picture, sorted by entry, then variant: 48 or 24 bytes."""
    return np.dtype(
        [
            ("hash", "u1", (HASH_SIZES[namespace],)),  # packed, the first bit the highest
            ("entry", "<u8"),  # position in the log
            ("usage", "<u4"),  # bit i stands for `USAGES[i]`
            ("radius", "<u2"),  # the most bits in which another picture may differ
            ("variant", "u1"),  # `VARIANT_CODES`
            ("grade", "u1"),  # `Grade.rank`
        ]
    )


def image_file(namespace: str) -> str:
    """The name of a namespace's file."""
    return f"images-{namespace}.bin"


def radius_file(namespace: str) -> str:
    """The name of the file of a namespace's postings."""
    return f"radius-{namespace}.bin"


PROBES_FILE = "probes.bin"
IDENTIFIERS_FILE = "identifiers.bin"
FILTER_FILE = "filter.bin"
DIRECTORY_FILE = "directory.bin"
PREFIX_HOSTS_FILE = "prefix-hosts.bin"

RECORDS: Mapping[str, np.dtype[np.generic]] = {
    PROBES_FILE: PROBE,
    IDENTIFIERS_FILE: IDENTIFIER,
    FILTER_FILE: BYTE,
    DIRECTORY_FILE: PLACE,
    PREFIX_HOSTS_FILE: BYTE,
    **{image_file(namespace): image_type(namespace) for namespace in HASH_SIZES},
    **{radius_file(namespace): NUMBER for namespace in HASH_SIZES},
}
"""Every file of a segment, and what it is made of."""

NOT_IN_OLDER = frozenset(map(radius_file, HASH_SIZES))
"""Files that snapshots have not had from the first day: without them the same is found, slower."""
