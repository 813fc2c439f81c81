"""What the operator of a run decides, before it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from optout.filter.columns import ROLES, base_role
from optout.registry.errors import UsageError
from optout.registry.identifiers import USAGES, Grade, Kind, usage_mask
from optout.registry.images import DEFAULT_RADIUS, MAX_RADIUS, radius_for

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

Action = Literal["quarantine", "drop", "keep"]
"""What happens to a row with a value that could not be judged."""

ACTIONS: tuple[Action, ...] = ("quarantine", "drop", "keep")
MOST = (1 << 53) - 1
"""The largest whole number that every reader of JSON keeps exactly (RFC 8785)."""


@dataclass(frozen=True)
class Policy:
    """Which entries a run obeys, and what becomes of what it cannot judge.

    By default `site` needs grade `domain`, every other kind `self`; an entry below
    `domain` that would drop more than 0.1% of a corpus, and more than 1,000 rows, is held.

    Args:
        usage: what the corpus is for, in AIPREF's words; an entry counts where it names it.
        min_grade: the least grade by kind; kinds that are not named need `self`.
        radius: the most bits in which two picture hashes may differ; an entry may ask for less.
        unjudgeable: by role, what becomes of a row with a broken value; `quarantine` by default.
        kinds: the kinds of entry to look for; None for all.
        hold_share: the share of the corpus' rows above which an entry is held.
        hold_rows: the number of rows above which an entry is held; both must be exceeded.
        obey: entries that are obeyed even where they would be held.

    Raises:
        UsageError: a field holds what it cannot mean.
    """

    usage: str = "train-ai"
    min_grade: Mapping[str, str] = field(default_factory=lambda: {"site": "domain"})
    radius: int = DEFAULT_RADIUS
    unjudgeable: Mapping[str, str] = field(default_factory=dict)
    kinds: frozenset[str] | None = None
    hold_share: float = 0.001
    hold_rows: int = 1000
    obey: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        _one_of("the usage", self.usage, USAGES)
        for kind, grade in self.min_grade.items():
            _one_of("the kind of a least grade", kind, [*Kind])
            _one_of(f"the least grade of {kind}", grade, [*Grade])
        for role, action in self.unjudgeable.items():
            _one_of("the role of what cannot be judged", role, ROLES)
            _one_of(f"what becomes of a broken {role}", action, ACTIONS)
        for kind in self.kinds or ():
            _one_of("the kind", kind, [*Kind])
        if not _whole(self.radius) or not 0 <= self.radius <= MAX_RADIUS:
            raise UsageError(
                f"the radius {self.radius} is not between 0 and {MAX_RADIUS} bits",
                f"{DEFAULT_RADIUS} finds re-encoded pictures, 16 only near copies.",
            )
        if not 0 <= self.hold_share <= 1 or not _whole(self.hold_rows):
            raise UsageError(
                f"the limits for holding, {self.hold_share} and {self.hold_rows}, mean nothing",
                "Give a share between 0 and 1 and a number of rows.",
            )
        for entry in self.obey:
            if not _whole(entry):
                raise UsageError(f"{entry!r} is no entry's number", "Give it as a run reports it.")
        # One meaning, one form: policies compare, and are frozen, by what they do.
        freeze = object.__setattr__
        freeze(self, "min_grade", {str(k): str(self.min_grade.get(k, Grade.SELF)) for k in Kind})
        freeze(self, "unjudgeable", {r: str(self.unjudgeable.get(r, "quarantine")) for r in ROLES})
        if self.kinds is not None:
            freeze(self, "kinds", frozenset(map(str, self.kinds)))
        freeze(self, "obey", frozenset(self.obey))

    def suited_to(self, snapshot: Snapshot) -> Policy:
        """The same with the radius that follows from how many pictures are registered.

        It is what a run takes where nobody says another: up to 300 million variants the usual one,
        above that the less the more there are, see `optout.registry.images.radius_for`.

        Args:
            snapshot: the entries.
        """
        return replace(self, radius=radius_for(snapshot.variants))

    def looks_for(self, kind: Kind) -> bool:
        """Whether entries of this kind are looked for at all."""
        return self.kinds is None or kind in self.kinds

    def obeys(self, kind: Kind, grade: Grade, usage: int) -> bool:
        """Whether an entry may drop rows, as far as this can be said without the corpus.

        Args:
            kind: the entry's kind.
            grade: how its claim was proved.
            usage: the mask of the usages it refuses.
        """
        return (
            self.looks_for(kind)
            and grade.rank >= Grade(self.min_grade[kind]).rank
            and bool(usage & usage_mask([self.usage]))
        )

    def holds(self, entry: int, grade: Grade, rows: int, corpus_rows: int) -> bool:
        """Whether an entry is held: reported, not obeyed.

        Args:
            entry: its number.
            grade: how its claim was proved.
            rows: how many rows of the corpus it meets.
            corpus_rows: how many rows the corpus has.
        """
        return (
            grade.rank < Grade.DOMAIN.rank
            and rows > self.hold_rows
            and rows > self.hold_share * corpus_rows
            and entry not in self.obey
        )

    def action(self, role: str) -> Action:
        """What becomes of a row whose value in this role could not be judged."""
        return cast("Action", self.unjudgeable[base_role(role)])

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object; `from_dict` reads it back."""
        return {
            "usage": self.usage,
            "min_grade": dict(self.min_grade),
            "radius": self.radius,
            "unjudgeable": dict(self.unjudgeable),
            "kinds": None if self.kinds is None else sorted(self.kinds),
            "hold_share": self.hold_share,
            "hold_rows": self.hold_rows,
            "obey": sorted(self.obey),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Policy:
        """Read what `to_dict` made.

        Raises:
            UsageError: a field is unknown or holds what it cannot mean.
        """
        unknown = document.keys() - {item.name for item in fields(cls)}
        if unknown:
            raise UsageError(f"a policy has no field {min(unknown)!r}", "A newer optout has it.")
        kinds = document.get("kinds")
        return cls(
            **{
                **document,
                "kinds": None if kinds is None else frozenset(kinds),
                "obey": frozenset(document.get("obey", ())),
            }
        )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def _one_of(what: str, value: object, allowed: Iterable[str]) -> None:
    words = [str(word) for word in allowed]
    if value not in words:
        raise UsageError(f"{what} is {value!r}", f"It may be {', '.join(words)}.")
