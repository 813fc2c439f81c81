"""What a filter loads and an auditor rebuilds: a signed folder of everything in force.

    snapshot.json                            what it is of and what it holds; signed
    segments/<name>/probes.bin               by what an entry is looked for
    segments/<name>/identifiers.bin          by what it is confirmed
    segments/<name>/filter.bin               what is not there, quickly
    segments/<name>/directory.bin            where to search in probes.bin
    segments/<name>/prefix-hosts.bin         on which hosts to look for paths
    segments/<name>/images-<namespace>.bin   hashes of pictures
    segments/<name>/radius-<namespace>.bin   where to search among them
    audit/leaves.jsonl                       the log, a record a line
    audit/openings.jsonl                     the matter of what is in force

A filter never reads `audit/`.
"""

from .audit import audit_snapshot
from .build import build_snapshot
from .neighbours import Neighbours
from .reading import read_leaves, read_openings
from .snapshot import Snapshot, SnapshotEntry

__all__ = [
    "Neighbours",
    "Snapshot",
    "SnapshotEntry",
    "audit_snapshot",
    "build_snapshot",
    "read_leaves",
    "read_openings",
]
