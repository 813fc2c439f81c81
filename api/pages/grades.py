"""How well the claims of a case are proved, in words, and what can be proved better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optout.api.service import GIVES, ShownProof, Way
from optout.registry.cases import Case, Method, ProofState

from .languages import N_, Language

GRADES: Mapping[str, str] = {
    "self": N_("You say so yourself."),
    "account": N_("Your account is proved."),
    "domain": N_("Your site is proved."),
    "reviewed": N_("Looked at by a person."),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A site or an account, and how it can be proved.

    Attributes:
        name: a host, or an account such as `github:anna`.
        methods: by which it can be proved.
        items: the entries that would be stronger.
    """

    name: str
    methods: tuple[Method, ...]
    items: tuple[int, ...]

    @property
    def is_account(self) -> bool:
        """Whether it is an account."""
        return Method.ACCOUNT in self.methods


def grade(language: Language, name: str) -> str:
    """A grade in words."""
    return language.text(GRADES[name])


def subjects_of(
    case: Case, ways: Sequence[Way], proofs: Sequence[ShownProof] = ()
) -> list[Subject]:
    """What can be proved to make items of a case stronger; what is under way is left out.

    Args:
        case: as it stands.
        ways: how its items can be proved.
        proofs: that stand, or have begun.
    """
    grades = {item.index: item.grade for item in case.items}
    begun = {one.proof.subject for one in proofs if one.proof.state == ProofState.ASKED}
    found: dict[str, list[Way]] = {}
    for way in ways:
        given = GIVES[way.method].rank
        raised = [index for index in way.items if grades[index].rank < given]
        if raised and way.subject not in begun:
            found.setdefault(way.subject, []).append(Way(way.method, way.subject, raised))
    return [
        Subject(
            name,
            tuple(way.method for way in each),
            tuple(sorted({index for way in each for index in way.items})),
        )
        for name, each in found.items()
    ]


def is_worth_showing(shown: ShownProof) -> bool:
    """Whether a proof stands or is under way; of one that has ended, its subject says enough."""
    return shown.proof.state != ProofState.ENDED
