"""Which entries match too much: registered pictures, held against pictures that nobody registered.

A hash of the whole picture tells photographs apart. It does not tell apart what many people make
alike: logos, charts, pages of text, templates. The gates refuse most of that; what passes them all
the same, a picture or a hash that somebody made up, is found by what it would drop. Pictures of a
background corpus that are near each other are taken for one, and what matches different variants
of an entry is not added up: the copies of the one picture that an entry is of count once, whole,
cut to a square or padded. Entries that are known by their PDQ alone are held against the PDQ of the
same pictures; which of these are one is told by their phash256 all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from optout.registry.identifiers import Kind
from optout.registry.images import RADIUS
from optout.registry.index import BruteForce, RadiusIndex, Within, built, radius_index
from optout.registry.log import Opening

Hashes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Index = Callable[[Hashes], RadiusIndex]
"""Makes something searchable of uint8[n, 32]."""

SAME = 16
"""Bits: pictures of a background that differ in so many or fewer are taken for one."""

SHOWN = 3
"""Pictures that are named of those that an entry matches."""

NAMESPACE, PDQ = "phash256", "pdq256"

_BYTES = 32
_TOGETHER = 64
# Queries of one search. What it finds stays within memory even where everything is near everything.

PAYS = 1 << 30
"""Pairs to compare, some two seconds' worth, above which it is sooner to sort hashes by their
chunks first."""

_KIND = f'"kind":"{Kind.IMAGE}"'.encode()


def _silence(_: int) -> None:
    """Nobody wants to hear how far it has come."""


@dataclass(frozen=True, slots=True)
class Registered:
    """Entries of pictures, as filters look for them: one row for each variant of each.

    Attributes:
        hashes: uint8[n, 32], of one namespace.
        entry: int64[n], ascending.
        radius: int64[n], bits: the entry's own, and no more than filters look for by default.
        namespace: `phash256`, or `pdq256` where an entry has no other, since a list gave it.
    """

    hashes: Hashes
    entry: Numbers
    radius: Numbers
    namespace: str = NAMESPACE

    @classmethod
    def of(cls, openings: Iterable[Opening]) -> tuple[Registered, Registered]:
        """The pictures among some openings: by their phash256, and those known by PDQ alone.

        Args:
            openings: by index, in force; other kinds are passed over.

        Raises:
            LogFault: the matter of a picture cannot be read.
        """
        rows: dict[str, list[tuple[bytes, int, int]]] = {NAMESPACE: [], PDQ: []}
        for opening in openings:
            # Reading a matter takes a hundred times as long as passing it over.
            if _KIND not in opening.matter:
                continue
            identifier = opening.identifier()
            if identifier.kind is not Kind.IMAGE:
                continue
            namespace = NAMESPACE if NAMESPACE in identifier.hashes else PDQ
            radius = min(identifier.radius or 0, RADIUS[namespace])
            for each in dict.fromkeys(identifier.hashes.get(namespace, {}).values()):
                rows[namespace].append((each, opening.index, radius))
        return cls._of_rows(rows[NAMESPACE], NAMESPACE), cls._of_rows(rows[PDQ], PDQ)

    @classmethod
    def _of_rows(cls, rows: Sequence[tuple[bytes, int, int]], namespace: str) -> Registered:
        packed = b"".join(each for each, _, _ in rows)
        return cls(
            np.frombuffer(packed, np.uint8).reshape(-1, _BYTES),
            np.array([entry for _, entry, _ in rows], np.int64),
            np.array([radius for _, _, radius in rows], np.int64),
            namespace,
        )

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return len(np.unique(self.entry))


@dataclass(frozen=True, slots=True)
class Background:
    """Pictures that nobody registered.

    Attributes:
        hashes: uint8[n, 32], of each, all of one namespace.
        mirrored: uint8[n, 32], the same of its mirror image.
    """

    hashes: Hashes
    mirrored: Hashes

    def groups(self, hear: Callable[[int], object] = _silence) -> Numbers:
        """Which of the pictures are one.

        Taken in the order of their hashes, a picture belongs to the first one before it from which
        it, or its mirror image, differs in `SAME` bits or fewer; where there is none it begins a
        group. So the result does not depend on the order in which the pictures came, and what
        is far from a group's first picture is not drawn into it by others in between.

        Args:
            hear: told of pictures that are done.

        Returns:
            int64[n], the number of each one's group, from 0 on without a gap.
        """
        firsts, of = _distinct(np.concatenate([self.hashes, self.mirrored], axis=1))
        hashes, mirrored = self.hashes[firsts], self.mirrored[firsts]
        leaders = np.empty((len(hashes), _BYTES), np.uint8)
        group = np.full(len(hashes), -1, np.int64)
        count = 0
        # Which group each picture began; a search among few compares with those that did alone.
        begun = np.full(len(hashes), -1, np.int64)
        every = None if len(hashes) ** 2 < PAYS else searchable(hashes, 2 * len(hashes))
        for start in range(0, len(hashes), _TOGETHER):
            here, its_group = hashes[start : start + _TOGETHER], group[start : start + _TOGETHER]
            ways = np.concatenate([here, mirrored[start : start + _TOGETHER]])
            if every is None:
                near = BruteForce(leaders[:count]).within(ways, SAME)
            else:
                near = _begun(every.pieces(ways, SAME), begun)
            near = _either_way(near, len(here))
            # Of several that are written to one place the last stays: here the first leader.
            its_group[near.query[::-1]] = near.row[::-1]
            among = _either_way(BruteForce(here).within(ways, SAME), len(here))
            alike = np.zeros((len(here), len(here)), bool)
            alike[among.row, among.query] = True
            for place in np.flatnonzero(its_group < 0).tolist():
                if its_group[place] < 0:
                    leaders[count], begun[start + place] = here[place], count
                    its_group[alike[place] & (its_group < 0)] = count
                    count += 1
            hear(len(here))
        return group[of]


def searchable(hashes: Hashes, queries: int) -> RadiusIndex:
    """What answers so many queries the soonest; whichever it is, the same is found.

    Args:
        hashes: uint8[n, 32], each once.
        queries: how many there will be.
    """
    if len(hashes) * queries < PAYS:
        return BruteForce(hashes)
    return radius_index(hashes, built(hashes))


def _begun(pieces: Iterable[Within], begun: Numbers) -> Within:
    """The pairs of which the row began a group, which takes the row's place."""
    found = [Within(*np.empty((3, 0), np.int64))]
    for piece in pieces:
        which = begun[piece.row] >= 0
        query, row, distance = (column[which] for column in piece)
        found.append(Within(query, begun[row], distance))
    return Within(*map(np.concatenate, zip(*found, strict=True)))


class Matched(NamedTuple):
    """One entry and what it would drop.

    Attributes:
        entry: its number.
        matches: how many distinct pictures of the background are within its radius, for the
            variant of which it is most.
        nearest: up to `SHOWN` pictures that any variant matches, no two of one group, the nearest
            first: positions in the background.
    """

    entry: int
    matches: int
    nearest: tuple[int, ...]


def matches(
    registered: Registered,
    background: Background,
    groups: Numbers,
    *,
    index: Index | None = None,
    hear: Callable[[int], object] = _silence,
) -> list[Matched]:
    """How many background pictures each entry is near to.

    Args:
        registered: the entries.
        background: the pictures, by hashes of the entries' namespace.
        groups: which of them are one: `Background.groups`, of the pictures by their phash256.
        index: makes what is searched, of the registered hashes, each once; `searchable` by default.
        hear: told of pictures that are done.

    Returns:
        Every entry that matches at least one, those that match most first, then by number.
    """
    firsts, row_of = _distinct(registered.hashes)
    distinct = registered.hashes[firsts]
    searched = index(distinct) if index else searchable(distinct, 2 * len(background.hashes))
    found = _found(searched, background, RADIUS[registered.namespace], hear)
    order = np.argsort(found.row, kind="stable")
    row, picture, distance = found.row[order], found.query[order], found.distance[order]
    begins = np.searchsorted(row, np.arange(len(firsts)))
    ends = np.searchsorted(row, np.arange(len(firsts)), side="right")
    told = []
    touched = np.flatnonzero(ends[row_of] > begins[row_of])
    for variants in np.split(touched, np.flatnonzero(np.diff(registered.entry[touched])) + 1):
        near = []
        for variant in variants.tolist():
            pairs = slice(begins[row_of[variant]], ends[row_of[variant]])
            within = distance[pairs] <= registered.radius[variant]
            near.append((picture[pairs][within], distance[pairs][within]))
        if any(len(pictures) for pictures, _ in near):
            told.append(_matched(int(registered.entry[variants[0]]), near, groups))
    return sorted(told, key=lambda each: (-each.matches, each.entry))


def _matched(entry: int, near: Sequence[tuple[Numbers, Numbers]], groups: Numbers) -> Matched:
    """What an entry matches, of the pictures and distances that each variant is near to."""
    most = max(len(np.unique(groups[pictures])) for pictures, _ in near)
    pictures, distances = (np.concatenate(column) for column in zip(*near, strict=True))
    order = np.lexsort((pictures, distances))
    # Of every group the nearest picture, in the order of nearness.
    _, first = np.unique(groups[pictures[order]], return_index=True)
    nearest = pictures[order][np.sort(first)[:SHOWN]]
    return Matched(entry, most, tuple(nearest.tolist()))


def _found(
    searched: RadiusIndex, background: Background, radius: int, hear: Callable[[int], object]
) -> Within:
    """Pairs of a picture (`query`) and a registered hash (`row`) that is near it, either way."""
    found = []
    for start in range(0, len(background.hashes), _TOGETHER):
        here = slice(start, start + _TOGETHER)
        asked = np.concatenate([background.hashes[here], background.mirrored[here]])
        near = searched.within(asked, radius)
        found.append(near._replace(query=near.query % (len(asked) // 2) + start))
        hear(len(asked) // 2)
    if not found:
        return Within(*(np.empty(0, np.int64) for _ in range(3)))
    return Within(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _either_way(near: Within, count: int) -> Within:
    """Pairs of which the query is a picture, whichever of its two hashes was near, in order."""
    query = near.query % count
    order = np.lexsort((near.row, query))
    return Within(query[order], near.row[order], near.distance[order])


def _distinct(hashes: Hashes) -> tuple[Numbers, Numbers]:
    """Where each distinct row stands first, in the order of the rows, and which each one is."""
    if not len(hashes):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    whole = np.ascontiguousarray(hashes).view(f"V{hashes.shape[1]}").reshape(-1)
    _, firsts, of = np.unique(whole, return_index=True, return_inverse=True)
    return firsts.astype(np.int64), of.astype(np.int64)
