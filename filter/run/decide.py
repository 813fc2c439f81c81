"""The third step: which entries are held, over the whole corpus; frozen as `decision.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from optout.filter.errors import EvidenceError
from optout.filter.judge import Policy
from optout.registry import documents
from optout.registry.identifiers import Grade, Kind

from .report import Held
from .scan import ScanSummary

FORMAT = "optout/v1/decision"


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
        body = {
            "format": FORMAT,
            "plan": self.plan,
            "rows": self.rows,
            "entries": {str(entry): asdict(known) for entry, known in self.entries.items()},
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
        body = documents.parse(data, name, error=EvidenceError)
        seal = body.pop("seal", None)
        if seal != hashlib.sha256(documents.render(body)).hexdigest():
            raise EvidenceError(f"{name} does not match its seal", "Run the same command again.")
        try:
            if body["format"] != FORMAT:
                raise EvidenceError(f"{name} is of a format this optout does not know", "")
            entries = {int(entry): EntryCount(**known) for entry, known in body["entries"].items()}
            return cls(
                body["plan"],
                body["rows"],
                entries,
                frozenset(body["held"]),
                tuple(body["unseen"]),
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise EvidenceError(f"{name} has not the fields of a decision", "") from fault


def decide(
    plan: str, policy: Policy, scans: Sequence[ScanSummary], unseen: Sequence[str] = ()
) -> Decision:
    """Find the entries whose claim is too weak for what it would drop.

    Args:
        plan: the run's digest.
        policy: says what is too much.
        scans: of every shard that could be scanned.
        unseen: the others, by name.
    """
    rows = sum(scan.rows for scan in scans)
    counted: dict[int, tuple[int, int, int]] = {}
    for scan in scans:
        for entry, (kind, grade, met) in scan.entries.items():
            counted[entry] = (kind, grade, met + counted.get(entry, (0, 0, 0))[2])
    entries = {
        entry: EntryCount(str(Kind.from_code(kind)), str(Grade.from_rank(grade)), met)
        for entry, (kind, grade, met) in sorted(counted.items())
    }
    held = frozenset(
        entry
        for entry, known in entries.items()
        if policy.holds(entry, Grade(known.grade), known.rows, rows)
    )
    return Decision(plan, rows, entries, held, tuple(sorted(unseen)))
