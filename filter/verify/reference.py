"""The reference: values are held against every opening of the snapshot, one after the other.

No index is asked, neither the probes nor the search for pictures near each other: what an entry
covers is read from its opening, and whether it counts from the log. That is slow, so it is done for
a sample, or, when asked for, for every row; and what it says must be what the index has said.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from optout.registry.errors import SnapshotError
from optout.registry.identifiers import Grade, Key, Kind, usage_mask

from .history import log_of
from .hits import Hit, hit_of
from .judging import Looked, RowVerdict
from .leaves import Rows, is_among
from .papers import faults
from .policy import Eligibility
from .report import Finding, counted
from .roles import HASH_BYTES, PDQ256, PHASH256
from .traits import Traits

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

VALUES_AT_ONCE = 1 << 17
"""So many values are gathered before the openings are read once for all of them."""

KEYS_AT_ONCE = 1 << 20
"""Or so many keys: an address has one for every site and every folder above it."""

_PAIRS_AT_ONCE = 1 << 20
"""So many pairs of picture hashes are compared together."""

OPENINGS = "audit/openings.jsonl"

_LINES_BYTES = 1 << 22
_EXACT = re.compile(
    rb'^\{"index":[0-9]+,"matter":\{"digest":"([0-9a-f]{64})",'
    rb'"kind":"(?!image")[a-z]+","probe":"[0-9a-f]{16}","v":[0-9]+\},"salt":"[0-9a-f]+"\}$',
    re.MULTILINE,
)
"""A line that opens an entry of any kind but a picture's, as it is written."""


class Place(NamedTuple):
    """Where a value stands.

    Attributes:
        shard: the shard's name.
        row: its row, from 0.
        of_input: whether the row is one of the input rather than of the output.
        leaf: the leaf's path.
    """

    shard: str
    row: int
    of_input: bool
    leaf: str

    @property
    def words(self) -> str:
        """As a fault names it."""
        return f"{self.shard} row {self.row}{' of the input' if self.of_input else ''}"


@dataclass(frozen=True, slots=True)
class _Asked:
    place: Place
    traits: Traits


class Reference:
    """Judges some rows again, without the snapshot's index.

    Args:
        snapshot: opened, its files checked.
        eligibility: says what binds the run.
        finding: gets what the index has missed, or has found where nothing is.

    Attributes:
        finding: the same.
    """

    def __init__(self, snapshot: Snapshot, eligibility: Eligibility, finding: Finding) -> None:
        self._snapshot = snapshot
        self._eligibility = eligibility
        self.finding = finding
        self._asked: list[_Asked] = []
        self._keys = 0
        self._known: dict[Place, frozenset[Hit]] = {}
        self._entries: Mapping[int, tuple[Grade, int]] | None = None
        self._rows: Counter[bool] = Counter()

    def ask(
        self,
        shard: str,
        looked: Iterable[Looked],
        verdicts: Mapping[int, RowVerdict],
        wanted: Rows | None,
        *,
        of_input: bool = False,
        went: bool = False,
    ) -> None:
        """Judge rows again.

        Args:
            shard: the shard's name.
            looked: what their values are looked up by.
            verdicts: what the index has said of them.
            wanted: which of the rows to judge; all where None.
            of_input: whether they are counted as the input counts them.
            went: whether they are rows that the run took out.
        """
        judged: set[int] = set()
        for leaf in looked:
            chosen = np.arange(len(leaf.rows))
            if wanted is not None:
                chosen = np.flatnonzero(is_among(leaf.rows, wanted))
            for row, n in zip(leaf.rows[chosen].tolist(), leaf.which[chosen].tolist(), strict=True):
                place = Place(shard, row, of_input, leaf.leaf)
                self._asked.append(_Asked(place, leaf.traits[n]))
                self._keys += len(leaf.traits[n].keys)
                if row in verdicts:
                    said = verdicts[row].hits.items()
                    self._known[place] = frozenset(h for (_, at), h in said if at == leaf.leaf)
                judged.add(row)
        self._rows[went] += len(judged)
        if len(self._asked) >= VALUES_AT_ONCE or self._keys >= KEYS_AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Read the openings for everything that was asked, and compare."""
        asked, self._asked, self._keys = self._asked, [], 0
        known, self._known = self._known, {}
        if not asked:
            return
        found: dict[Place, dict[int, Hit]] = {}
        with faults(self.finding, OPENINGS):
            for n, hit in self._search([one.traits for one in asked]):
                hits = found.setdefault(asked[n].place, {})
                other = hits.get(hit.entry)
                if other is None or (hit.distance or 0) < (other.distance or 0):
                    hits[hit.entry] = hit
            for place in sorted(found.keys() | known.keys()):
                self._compare(place, set(found.get(place, {}).values()), known.get(place, ()))

    def conclude(self, size: int | None, seed: int | str) -> None:
        """Say what was done.

        Args:
            size: how many rows the sample was to hold; None where all were judged.
            seed: what drew them.
        """
        went = f" and {counted(self._rows[True], 'row')} that went" if self._rows[True] else ""
        how = "all of them" if size is None else f"a sample of {size:,} with the seed {seed}"
        self.finding.say(
            f"{counted(self._rows[False], 'row')} left{went} ({how}) held against each of "
            f"{counted(self._snapshot.counts['entries'], 'opening')}"
        )

    def _compare(self, place: Place, found: set[Hit], known: Iterable[Hit]) -> None:
        known = set(known)
        for hits, said in (
            (found - known, "which the snapshot's index does not find"),
            (known - found, "says the snapshot's index, and its openings do not"),
        ):
            for hit in sorted(hits, key=lambda hit: hit.entry):
                self.finding.fault(
                    f"{place.words}: {hit.words}, {said}",
                    shard=place.shard,
                    row=place.row,
                    leaf=place.leaf,
                    **hit.facts,
                )

    def _search(self, asked: Sequence[Traits]) -> Iterator[tuple[int, Hit]]:
        """Every entry that covers one of the values: the value's position, and the hit."""
        exact: dict[bytes, list[int]] = {}
        for n, traits in enumerate(asked):
            for key in traits.keys:
                exact.setdefault(key.digest, []).append(n)
        searches = self._searches(asked)
        for opened in self._openings({digest.hex().encode() for digest in exact}):
            for n in exact.get(opened.digest, ()):
                if any(opened.names(key) for key in asked[n].keys):
                    yield from self._hit(n, opened.entry, opened.kind, None)
            for near in searches:
                for n, entry, distance in near.add(opened):
                    yield from self._hit(n, entry, Kind.IMAGE, distance)
        for near in searches:
            for n, entry, distance in near.settle():
                yield from self._hit(n, entry, Kind.IMAGE, distance)

    def _searches(self, asked: Sequence[Traits]) -> list[_Near]:
        """What looks for the hashes of the values, each kind by itself."""
        searches = []
        for namespace in sorted({traits.namespace for traits in asked if traits.ways}):
            ways = [traits.ways if traits.namespace == namespace else () for traits in asked]
            searches.append(_Near(ways, namespace, self._eligibility.radius(namespace)))
        if any(traits.pdq for traits in asked):
            ways = [traits.pdq for traits in asked]
            radius = self._eligibility.radius(PDQ256)
            searches.append(_Near(ways, PDQ256, radius, without=PHASH256))
        return searches

    def _hit(
        self, n: int, entry: int, kind: Kind, distance: int | None
    ) -> Iterator[tuple[int, Hit]]:
        if self._entries is None:
            logged = log_of(self._snapshot).entries.values()
            there = (e for e in logged if e.status.in_force)
            self._entries = {e.index: (e.grade, usage_mask(e.usage)) for e in there}
        if entry not in self._entries:
            raise SnapshotError(f"{OPENINGS} opens entry {entry}, which is not in force")
        grade, usage = self._entries[entry]
        hit = hit_of(self._eligibility, entry, kind, grade, usage, distance)
        if hit is not None:
            yield n, hit

    def _openings(self, wanted: set[bytes]) -> Iterator[_Opened]:
        """Those of the openings that cover a picture, or one of some digests in hexadecimal."""
        number = 0
        with (self._snapshot.path / OPENINGS).open("rb") as stream:
            while lines := stream.readlines(_LINES_BYTES):
                # Most lines are of entries that nobody asked for, and need not be understood.
                found = _EXACT.findall(b"".join(lines))
                if len(found) < len(lines) or not wanted.isdisjoint(found):
                    for place, line in enumerate(lines, number + 1):
                        known = _EXACT.fullmatch(line.removesuffix(b"\n"))
                        if known is None or known[1] in wanted:
                            yield _opened(line, place)
                number += len(lines)


def _opened(line: bytes, number: int) -> _Opened:
    try:
        return _Opened.read(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise SnapshotError(f"line {number} of {OPENINGS} is no opening") from fault


class _Opened(NamedTuple):
    """What an entry covers: its kind, the digest, and for a picture its hashes."""

    entry: int
    kind: Kind
    digest: bytes
    radius: int
    hashes: Mapping[str, Sequence[bytes]]

    @classmethod
    def read(cls, document: Any) -> _Opened:  # noqa: ANN401  # whatever JSON held there
        matter = document["matter"]
        kind, digest = Kind(matter["kind"]), bytes.fromhex(matter["digest"])
        if kind is not Kind.IMAGE:
            return cls(int(document["index"]), kind, digest, 0, {})
        hashes = {
            namespace: [bytes.fromhex(digits) for digits in variants.values()]
            for namespace, variants in matter["hashes"].items()
        }
        if any(
            len(packed) != HASH_BYTES[namespace]
            for namespace, variants in hashes.items()
            for packed in variants
        ):
            raise ValueError("no hash")
        return cls(int(document["index"]), kind, digest, int(matter["radius"]), hashes)

    def names(self, key: Key) -> bool:
        """Whether the entry is the one that a key is of."""
        return (self.kind, self.digest) == (key.kind, key.digest)


class _Near:
    """The distances between all pictures asked for and all of the openings, block by block.

    Args:
        ways: of each value, the hashes by which it is looked for.
        namespace: which kind of hash these are.
        radius: the most bits in which they may differ.
        without: openings with such a hash are passed over.
    """

    def __init__(
        self, ways: Sequence[Sequence[bytes]], namespace: str, radius: int, without: str = ""
    ) -> None:
        hashed = [(n, packed) for n, each in enumerate(ways) for packed in each]
        self._owners = [n for n, _ in hashed]
        self._namespace = namespace
        self._queries = self._words([packed for _, packed in hashed])
        self._radius = radius
        self._without = without
        self._size = max(1, _PAIRS_AT_ONCE // max(1, len(hashed)))
        self._block: list[tuple[int, int, bytes]] = []

    def add(self, opened: _Opened) -> Iterator[tuple[int, int, int]]:
        """Take an opening; yields what was found when a block is full."""
        passed = self._without in opened.hashes
        hashes = () if passed else opened.hashes.get(self._namespace, ())
        self._block += [(opened.entry, opened.radius, packed) for packed in hashes]
        if len(self._block) >= self._size:
            yield from self.settle()

    def settle(self) -> Iterator[tuple[int, int, int]]:
        """Position of the value, entry, distance, for everything within both radii."""
        block, self._block = self._block, []
        if not block:
            return
        entries = self._words([packed for _, _, packed in block])
        unlike = np.bitwise_count(self._queries[:, None] ^ entries[None]).sum(2, np.int64)
        within = np.minimum(self._radius, np.array([own for _, own, _ in block]))
        for n, place in np.argwhere(unlike <= within).tolist():
            yield self._owners[n], block[place][0], int(unlike[n, place])

    def _words(self, hashes: Sequence[bytes]) -> npt.NDArray[np.uint64]:
        words = HASH_BYTES[self._namespace] // 8
        return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, words)
