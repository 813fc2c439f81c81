"""Confirming candidates: a probe may be forged, a digest may not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from optout.filter.pictures import NAMESPACE, PDQ
from optout.filter.scan import HASHES, Trace, held_kinds, keys_of, radius_in
from optout.registry.identifiers import Grade, Key, KeyColumns, Kind

from .policy import Policy

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

Column = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Meeting:
    """An entry that covers a value, and that the policy lets drop rows.

    Attributes:
        entry: its number.
        kind: its kind.
        grade: how its claim was proved.
        distance: bits between the picture, or its mirror image, and the entry's nearest variant;
            images only.
    """

    entry: int
    kind: Kind
    grade: Grade
    distance: int | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Entries that cover what keys are of, and that the policy lets drop rows.

    Columns of equal length, by key, then entry.

    Attributes:
        place: int64, the position of the key.
        entry: int64, the entry's number.
        kind: uint8, the code of its kind.
        grade: uint8, the rank of its grade.
    """

    place: Column
    entry: Column
    kind: Codes
    grade: Codes


class Judge:
    """Says which entries cover a value.

    Args:
        snapshot: the entries.
        policy: which of them are obeyed.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        self._snapshot = snapshot
        self._policy = policy
        # Of what the snapshot does not hold, nothing covers anything.
        self._kinds = frozenset(filter(policy.looks_for, held_kinds(snapshot)))
        self._obeys = cache(policy.obeys)

    def meet(self, traces: Sequence[Trace]) -> list[list[Meeting]]:
        """The entries that cover each of some values.

        An exact kind is confirmed by its digest, a picture by its distance, or that of its mirror
        image, which may be neither above the entry's own radius nor above the policy's. By the PDQ
        of a picture only those entries are confirmed that have no phash256: what the others cover
        must not depend on what else is registered.

        Args:
            traces: values that a scan took for candidates.

        Returns:
            For each of them the entries that cover it; none where the scan was mistaken.
        """
        met: list[list[Meeting]] = [[] for _ in traces]
        for number, meeting in self._exact(traces):
            met[number].append(meeting)
        nearest: dict[tuple[int, int], Meeting] = {}
        for namespace in HASHES:
            for number, meeting in self._near(traces, namespace):
                if namespace == PDQ and self._is_known_better(meeting, traces[number]):
                    continue
                known = nearest.get((number, meeting.entry))
                if known is None or _distance(meeting) < _distance(known):
                    nearest[number, meeting.entry] = meeting
        for (number, _), meeting in sorted(nearest.items(), key=lambda item: item[0]):
            met[number].append(meeting)
        return met

    def confirm(self, keys: KeyColumns) -> Confirmed:
        """The entries that cover what some keys are of, by their digests.

        Args:
            keys: that a scan took for an entry's.
        """
        places, found = self._snapshot.confirmed(keys)
        kind, grade, usage = keys.kind[places], found["grade"], found["usage"]
        obeyed = self._obeyed(kind, grade, usage)
        return Confirmed(
            places[obeyed],
            found["entry"][obeyed].astype(np.int64),
            kind[obeyed],
            grade[obeyed].astype(np.uint8),
        )

    def _obeyed(
        self, kind: Codes | int, grade: npt.NDArray[np.integer], usage: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.bool_]:
        """Which entries the policy lets drop rows; a row for each."""
        # Few sorts of entry come together: the policy is asked once of each.
        sorts = usage.astype(np.uint64) << 16 | grade.astype(np.uint64) << 8 | kind
        each, which = np.unique(sorts, return_inverse=True)
        return np.array([self._obeys_sort(sort) for sort in each.tolist()], bool)[which]

    def _obeys_sort(self, sort: int) -> bool:
        kind, grade = Kind.from_code(sort & 0xFF), Grade.from_rank(sort >> 8 & 0xFF)
        return self._obeys(kind, grade, sort >> 16)

    def _exact(self, traces: Sequence[Trace]) -> Iterator[tuple[int, Meeting]]:
        """The entries that cover some values by their digests."""
        keys: list[Key] = []
        owners: list[int] = []
        for number, trace in enumerate(traces):
            for role, text in trace.words.items():
                for key in keys_of(role, text, self._kinds) or ():
                    if key.kind in self._kinds:
                        keys.append(key)
                        owners.append(number)
        if not keys:
            return
        found = self.confirm(KeyColumns.of(keys))
        for place, entry, rank in zip(
            found.place.tolist(), found.entry.tolist(), found.grade.tolist(), strict=True
        ):
            yield owners[place], Meeting(entry, keys[place].kind, Grade.from_rank(rank))

    def _is_known_better(self, meeting: Meeting, trace: Trace) -> bool:
        """Whether entry and value both have a phash256: a column of PDQ has none."""
        return NAMESPACE in trace.hashes and self._snapshot.has_hash(NAMESPACE, meeting.entry)

    def _near(self, traces: Sequence[Trace], namespace: str) -> Iterator[tuple[int, Meeting]]:
        """The pictures near some values, as one namespace of hashes sees them."""
        hashed = [
            (n, way[namespace])
            for n, trace in enumerate(traces)
            for way in (trace.hashes, trace.mirrored)
            if namespace in way
        ]
        if not hashed or not self._policy.looks_for(Kind.IMAGE):
            return
        packed = np.frombuffer(b"".join(each for _, each in hashed), np.uint8)
        hits = self._snapshot.nearest(
            namespace,
            packed.reshape(len(hashed), -1),
            radius_in(namespace, self._policy.radius),
            wanted=lambda near: self._obeyed(Kind.IMAGE.code, near.grade, near.usage),
            owners=np.array([number for number, _ in hashed]),
        )
        columns = hits.query, hits.entry, hits.distance, hits.grade
        for number, entry, distance, rank in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            yield number, Meeting(entry, Kind.IMAGE, Grade.from_rank(rank), distance)


def _distance(meeting: Meeting) -> int:
    return -1 if meeting.distance is None else meeting.distance
