"""Which entries cover a value, by the snapshot's own index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from optout.registry.identifiers import Grade, Kind

from .policy import Eligibility
from .roles import PDQ256, PHASH256
from .traits import Traits

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a value matches and that the policy obeys.

    Attributes:
        entry: its index.
        kind: its kind.
        grade: its grade in the snapshot at hand.
        distance: bits between the two pictures, or the entry's and the mirror image of the value's;
            None for exact kinds.
        since: it was registered, or became binding, only after the run took its snapshot.
    """

    entry: int
    kind: Kind
    grade: Grade
    distance: int | None
    since: bool

    @property
    def words(self) -> str:
        """As a fault names it: `entry 17 (image, distance 4)`."""
        distance = "" if self.distance is None else f", distance {self.distance}"
        return f"entry {self.entry} ({self.kind}{distance})"

    @property
    def facts(self) -> dict[str, Any]:
        """As a fault carries it, field by field."""
        return {"entry": self.entry, "kind": str(self.kind), "distance": self.distance}


def hit_of(
    eligibility: Eligibility,
    entry: int,
    kind: Kind,
    grade: Grade,
    usage: int,
    distance: int | None = None,
) -> Hit | None:
    """The hit of an entry that covers a value; None where the policy does not obey the entry.

    Args:
        eligibility: says what binds the run.
        entry: the entry's index.
        kind: its kind.
        grade: its grade in the snapshot at hand.
        usage: the mask of its usages.
        distance: bits between the two pictures; None for exact kinds.
    """
    if eligibility.bound_then(entry, kind, grade, usage):
        return Hit(entry, kind, grade, distance, since=False)
    if eligibility.binds(kind, grade, usage):
        return Hit(entry, kind, grade, distance, since=True)
    return None


_Found = defaultdict[int, dict[int, Hit]]
"""By the position of a value and by entry: the hits."""


class Index:
    """Looks values up in a snapshot.

    Args:
        snapshot: opened, its files checked.
        eligibility: says what binds the run.

    Attributes:
        needs_pdq: whether pictures are looked up by their PDQ too, for entries that have no other.
    """

    def __init__(self, snapshot: Snapshot, eligibility: Eligibility) -> None:
        self._snapshot = snapshot
        self._eligibility = eligibility
        self.needs_pdq = snapshot.has_pdq_alone

    def meet(self, traits: Sequence[Traits]) -> list[tuple[Hit, ...]]:
        """For every value, the entries that cover it and are obeyed, by their number."""
        found: _Found = defaultdict(dict)
        self._exact(traits, found)
        self._near(traits, found)
        met: list[tuple[Hit, ...]] = [()] * len(traits)
        for n, hits in found.items():
            met[n] = tuple(hits[entry] for entry in sorted(hits))
        return met

    def _exact(self, traits: Sequence[Traits], found: _Found) -> None:
        keys = [key for value in traits for key in value.keys]
        if not keys:
            return
        owners = np.repeat(np.arange(len(traits)), [len(value.keys) for value in traits])
        probes = np.fromiter((key.probe for key in keys), np.uint64, len(keys))
        candidates, _ = self._snapshot.candidates(probes)
        for place in np.unique(candidates).tolist():
            n, key = int(owners[place]), keys[place]
            for entry in self._snapshot.find(key.kind, key.digest, key.probe):
                grade = Grade(entry.grade)
                hit = hit_of(self._eligibility, entry.index, key.kind, grade, entry.usage)
                if hit is not None:
                    found[n][hit.entry] = hit

    def _near(self, traits: Sequence[Traits], found: _Found) -> None:
        sought: dict[tuple[str, bool], list[tuple[int, bytes]]] = defaultdict(list)
        for n, value in enumerate(traits):
            sought[value.namespace, False] += [(n, packed) for packed in value.ways]
            sought[PDQ256, True] += [(n, packed) for packed in value.pdq]
        for (namespace, alone), hashed in sorted(sought.items()):
            if hashed:
                self._near_in(namespace, hashed, found, alone=alone)

    def _near_in(
        self, namespace: str, hashed: Sequence[tuple[int, bytes]], found: _Found, *, alone: bool
    ) -> None:
        """What some hashes are near to; if `alone`, of entries that have no phash256."""
        packed = np.frombuffer(b"".join(each for _, each in hashed), np.uint8)
        radius = self._eligibility.radius(namespace)
        near = self._snapshot.near(namespace, packed.reshape(len(hashed), -1), radius)
        columns = (near.query, near.entry, near.distance, near.grade, near.usage, near.radius)
        for query, entry, distance, rank, usage, own in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            if distance > min(radius, own):
                continue
            if alone and self._snapshot.has_hash(PHASH256, entry):
                continue
            n = hashed[query][0]
            grade = Grade.from_rank(rank)
            hit = hit_of(self._eligibility, entry, Kind.IMAGE, grade, usage, distance)
            known = found[n].get(entry)
            if hit is not None and (known is None or distance < (known.distance or 0)):
                found[n][entry] = hit
