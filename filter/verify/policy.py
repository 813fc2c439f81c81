"""Which entries a run had to obey, and where its policy asks for less than the default does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from optout.filter.judge import Policy
from optout.registry.identifiers import Grade, Kind, usage_mask


@dataclass
class Eligibility:
    """Whether an entry binds a run.

    Attributes:
        policy: the recorded policy.
        held: entries that the run reported and did not obey.
        history: what the log said of an entry when the run took its snapshot, by index: its grade
            then, or None where it was not in force then; empty where the snapshot is the run's own.
        size: entries from this index on were registered after the run's snapshot.
    """

    policy: Policy
    held: frozenset[int] = frozenset()
    history: Mapping[int, Grade | None] = field(default_factory=dict)
    size: int | None = None

    def __post_init__(self) -> None:
        self._usage = usage_mask([self.policy.usage])

    def judges(self, kind: Kind) -> bool:
        """Whether the policy looks at this kind at all."""
        return self.policy.kinds is None or kind in self.policy.kinds

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
        if self.size is not None and entry >= self.size:
            return False
        then = self.history.get(entry, grade)
        return then is not None and self.binds(kind, then, usage)


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
