"""Which entries a run had to obey, and where its policy asks for less than the default does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from optout.filter.judge import Policy
from optout.registry.identifiers import Grade, Kind, usage_mask
from optout.registry.images import RADIUS

from .roles import PHASH256, reach


@dataclass
class Eligibility:
    """Whether an entry binds a run.

    Attributes:
        policy: the recorded policy.
        history: what the log said of an entry when the run took its snapshot, by index: its grade
            then; entries that were not in force then are missing.
        size: records of the log then; None where the snapshot at hand is the run's own, and
            `history` says nothing.
    """

    policy: Policy
    history: Mapping[int, Grade] = field(default_factory=dict)
    size: int | None = None

    def __post_init__(self) -> None:
        self._usage = usage_mask([self.policy.usage])

    def judges(self, kind: Kind) -> bool:
        """Whether the policy looks at this kind at all."""
        return self.policy.kinds is None or kind in self.policy.kinds

    def reaches(self, role: str) -> bool:
        """Whether a leaf of this role can hold anything that the policy looks for."""
        return any(map(self.judges, reach(role)))

    def radius(self, namespace: str) -> int:
        """The most bits in which two picture hashes of a kind may differ."""
        own = self.policy.radius
        return own if namespace == PHASH256 else RADIUS[namespace]

    def binds(self, kind: Kind, grade: Grade, usage: int) -> bool:
        """Whether an entry in force with these rules is obeyed, but for being held."""
        least = Grade(self.policy.min_grade.get(kind, Grade.SELF))
        return self.judges(kind) and bool(usage & self._usage) and grade.rank >= least.rank

    def bound_then(self, entry: int, kind: Kind, grade: Grade, usage: int) -> bool:
        """Whether an entry was obeyed when the run took its snapshot.

        Args:
            entry: its index.
            kind: its kind.
            grade: its grade in the snapshot at hand.
            usage: its usages, as a mask.
        """
        then = self.grade_then(entry, grade)
        return then is not None and self.binds(kind, then, usage)

    def grade_then(self, entry: int, grade: Grade) -> Grade | None:
        """An entry's grade when the run took its snapshot; None where it was not in force then.

        Args:
            entry: its index.
            grade: its grade in the snapshot at hand.
        """
        return grade if self.size is None else self.history.get(entry)


def weaknesses(policy: Policy, default: Policy | None = None) -> Iterator[str]:
    """In words, every point in which a policy drops less than the default one.

    Args:
        policy: the recorded policy.
        default: what it is held against; `Policy()` where it is not given.
    """
    default = default or Policy()
    for kind in Kind:
        least = Grade(policy.min_grade.get(kind, Grade.SELF))
        usual = Grade(default.min_grade.get(kind, Grade.SELF))
        if least.rank > usual.rank:
            yield f"{kind} entries below the grade {least} were not obeyed (default: {usual})"
    if policy.radius < default.radius:
        yield f"pictures were matched within {policy.radius} bits (default: {default.radius})"
    if policy.kinds is not None:
        for kind in Kind:
            if kind not in policy.kinds:
                yield f"the kind {kind} was left out"
    if policy.usage != default.usage:
        yield f"only entries against {policy.usage} were obeyed (default: {default.usage})"
    for role, action in sorted(policy.unjudgeable.items()):
        if action == "keep" != default.unjudgeable.get(role):
            yield f"values of {role} that cannot be judged were kept (default: put aside)"
    if policy.hold_share < default.hold_share:
        yield f"entries were held from {policy.hold_share:%} of the rows on"
    if policy.hold_rows < default.hold_rows:
        yield f"entries were held from {policy.hold_rows} rows on (default: {default.hold_rows})"
