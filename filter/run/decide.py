"""The third step: which entries are held, over the whole corpus; frozen as `decision.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from optout.filter.errors import EvidenceError
from optout.filter.judge import EntryRows, Policy, summed
from optout.registry import documents
from optout.registry.identifiers import Grade, Kind

from .report import Held
from .scan import ScanSummary

FORMAT = "optout/v1/decision"
_ADVICE = "Run the same command again."

_FEW = 1 << 16
"""Entries of which it does not matter whether they are listed twice."""


@dataclass(frozen=True, slots=True)
class EntryCount:
    """What an entry meets in the whole corpus.

    Attributes:
        kind: its kind.
        grade: how its claim was proved.
        rows: how many rows it meets.
    """

    kind: str
    grade: str
    rows: int


@dataclass(frozen=True)
class Decision:
    """A frozen decision.

    Attributes:
        plan: the run's digest.
        rows: rows of the corpus, as far as it could be scanned.
        entries: every entry that met a row.
        held: the entries that are reported and not obeyed.
        unseen: shards that could not be scanned, and on which this decision does not rest.
    """

    plan: str
    rows: int
    entries: Mapping[int, EntryCount]
    held: frozenset[int]
    unseen: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of `decision.json`."""
        return hashlib.sha256(self.render()).hexdigest()

    def reports(self) -> list[Held]:
        """The held entries, by number."""
        return [
            Held(entry, known.kind, known.grade, known.rows, known.rows / max(self.rows, 1))
            for entry, known in sorted(self.entries.items())
            if entry in self.held
        ]

    def render(self) -> bytes:
        """The bytes of `decision.json`."""
        return self._rendered

    @cached_property
    def _rendered(self) -> bytes:
        body = {
            "format": FORMAT,
            "plan": self.plan,
            "rows": self.rows,
            "entries": {
                str(entry): {"kind": known.kind, "grade": known.grade, "rows": known.rows}
                for entry, known in self.entries.items()
            },
            "held": sorted(self.held),
            "unseen": list(self.unseen),
        }
        seal = hashlib.sha256(documents.render(body)).hexdigest()
        return documents.render({**body, "seal": seal})

    @classmethod
    def parse(cls, data: bytes, name: str) -> Decision:
        """Read what `render` wrote.

        Raises:
            EvidenceError: it is damaged, or a newer optout wrote it.
        """
        return _parsed(data, name)


def forget_decision() -> None:
    """Let go of what was read last: a large corpus meets many entries."""
    _parsed.cache_clear()


@lru_cache(maxsize=1)  # a run looks at it before every shard: another run may have decided
def _parsed(data: bytes, name: str) -> Decision:
    body = documents.parse(data, name, error=EvidenceError)
    seal = body.pop("seal", None)
    if seal != hashlib.sha256(documents.render(body)).hexdigest():
        raise EvidenceError(f"{name} does not match its seal", _ADVICE)
    try:
        if body["format"] != FORMAT:
            raise EvidenceError(f"{name} is of a format this optout does not know", _ADVICE)
        return Decision(
            body["plan"],
            body["rows"],
            {int(entry): EntryCount(**known) for entry, known in body["entries"].items()},
            frozenset(body["held"]),
            tuple(body["unseen"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise EvidenceError(f"{name} has not the fields of a decision", _ADVICE) from fault


@dataclass
class Tally:
    """What was met so far; of each shard only the sums are kept.

    Attributes:
        rows: of all shards that were added.
    """

    rows: int = 0
    _parts: list[EntryRows] = field(default_factory=list, init=False)
    _later: int = field(default=0, init=False)

    def add(self, scan: ScanSummary) -> None:
        """Take a shard into account."""
        self.rows += scan.rows
        self._parts.append(scan.entries)
        self._later += len(scan.entries)
        # Summed when there is as much again: each entry is moved a few times, and never all.
        if self._later > len(self._parts[0]) + _FEW:
            self._parts, self._later = [summed(self._parts)], 0

    def decide(self, plan: str, policy: Policy, unseen: Iterable[str] = ()) -> Decision:
        """Find the entries whose claim is too weak for what it would drop.

        Args:
            plan: the run's digest.
            policy: says what is too much.
            unseen: shards that could not be scanned, by name.
        """
        kinds = {kind.code: str(kind) for kind in Kind}
        grades = {grade.rank: str(grade) for grade in Grade}
        entries = {
            entry: EntryCount(kinds[kind], grades[grade], rows)
            for entry, kind, grade, rows in summed(self._parts).tolist()
        }
        held = frozenset(
            entry
            for entry, known in entries.items()
            if policy.holds(entry, Grade(known.grade), known.rows, self.rows)
        )
        return Decision(plan, self.rows, entries, held, tuple(sorted(unseen)))
