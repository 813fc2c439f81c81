"""`optout check`: is one item opted out?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from . import values as read
from .console import Console
from .exits import Exit
from .options import AsJson, Key, Kind, SnapshotAt

if TYPE_CHECKING:
    from optout.registry import Snapshot
    from optout.registry.identifiers import Kind as KindName


WIDER: dict[str, tuple[str, ...]] = {
    "url": ("url", "site", "prefix", "account"),
    "site": ("url", "site"),
    "prefix": ("prefix", "site", "account"),
    "account": ("account", "prefix", "site"),
    "work": ("prefix", "site"),
}
"""By kind: which entries may cover what was written as an address."""


@dataclass(frozen=True, order=True)
class Match:
    """An entry that covers the item."""

    distance: int
    """Bits that differ; 0 where the match is exact."""
    entry: int
    kind: str
    grade: str


def check(
    kind: Kind,
    value: Annotated[
        str,
        typer.Argument(
            metavar="VALUE", help="An address, handle, number, passage; a path for image and file."
        ),
    ],
    snapshot: SnapshotAt,
    key: Key = None,
    json: AsJson = False,
) -> int:
    """Say whether a snapshot holds an item: exit code 4 if it does.

    An address is found by the site, prefix and account that hold it too; a picture by its exact
    bytes, and by its looks up to the radius that a filter takes, mirrored too.
    """
    from optout.filter import Policy
    from optout.registry import Snapshot

    console = Console(json=json)
    wanted = read.kind(kind)
    opened = Snapshot.open(snapshot, key=key)
    opened.check_files()  # "no match" must not come from a damaged file
    matches = sorted(_matches(opened, wanted, value))
    least = Policy().min_grade
    if not matches:
        console.result(("no match", "bold"), f" for this {wanted} in {snapshot}")
        console.document(
            {"match": False, "entry": None, "kind": None, "grade": None, "distance": None}
        )
        return Exit.DONE
    for match in matches:
        console.result(
            ("match", "bold red"),
            f": entry {match.entry} ({match.kind}, grade {match.grade}"
            + (f", distance {match.distance})" if match.kind == "image" else ")"),
        )
        if _rank(match.grade) < _rank(least.get(match.kind, "self")):
            console.say(
                f"       a filter obeys it only with --min-grade {match.kind}={match.grade}"
            )
    documents = [
        {
            "entry": match.entry,
            "kind": match.kind,
            "grade": match.grade,
            "distance": match.distance if match.kind == "image" else None,
        }
        for match in matches
    ]
    console.document({"match": True, **documents[0], "matches": documents})
    return Exit.FOUND


def _rank(grade: str) -> int:
    from optout.registry.identifiers import Grade

    return Grade(grade).rank


def _matches(snapshot: Snapshot, kind: KindName, value: str) -> set[Match]:
    """Every entry that covers the item, each once."""
    from optout.registry import Identifier
    from optout.registry.identifiers import Kind, url_keys

    # What is too plain to be registered by its looks is looked for all the same, as a filter does.
    exactly = Kind.FILE if kind is Kind.IMAGE else kind
    keys = [(one.kind, one.digest, one.probe) for one in Identifier.parse_all(exactly, value)]
    if kind in WIDER:
        # What a corpus would hold is an address: whatever lies above it covers it too.
        wider = {Kind(word) for word in WIDER[kind]}
        keys += [
            (key.kind, key.digest, key.probe) for key in url_keys(value) or () if key.kind in wider
        ]
    found = {
        Match(0, entry.index, str(each), str(entry.grade))
        for each, digest, probe in keys
        for entry in snapshot.find(each, digest, probe)
    }
    if kind is Kind.IMAGE:
        found |= _near(snapshot, value)
    return found


def _near(snapshot: Snapshot, path: str) -> set[Match]:
    """Registered pictures within their radius of this one, or of its mirror image.

    Returns:
        Each once, at its least distance.

    Raises:
        PictureError: it cannot be read.
    """
    from pathlib import Path

    from optout.registry.errors import PictureError
    from optout.registry.images import sighted_hashes, sighted_pdq

    data = Path(path).read_bytes()
    try:
        ways = sighted_hashes(data)
        by_pdq = sighted_pdq(data, plain=True) if snapshot.has_pdq_alone else ()
    except PictureError as fault:
        raise PictureError(f"{path!r}: {fault.message}", fault.advice) from fault
    nearest: dict[int, Match] = {}
    for match in _within(snapshot, "phash256", ways):
        nearest[match.entry] = min(match, nearest.get(match.entry, match))
    for match in _within(snapshot, "pdq256", by_pdq):
        if not snapshot.has_hash("phash256", match.entry):
            nearest[match.entry] = min(match, nearest.get(match.entry, match))
    return set(nearest.values())


def _within(snapshot: Snapshot, namespace: str, ways: Iterable[bytes | None]) -> Iterator[Match]:
    """Registered pictures within their radius of a hash."""
    import numpy as np
    from optout.registry.identifiers import Grade
    from optout.registry.images import RADIUS, radius_for

    # As a run takes it where nobody says another.
    widest = {**RADIUS, "phash256": radius_for(snapshot.variants)}
    for way in filter(None, ways):
        query = np.frombuffer(way, np.uint8).reshape(1, -1)
        hits = snapshot.near(namespace, query, widest[namespace])
        for entry, distance, grade, radius in zip(
            hits.entry.tolist(),
            hits.distance.tolist(),
            hits.grade.tolist(),
            hits.radius.tolist(),
            strict=True,
        ):
            if distance <= radius:
                yield Match(distance, entry, "image", str(Grade.from_rank(grade)))
