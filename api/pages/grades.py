"""How well the claims of a case are proved, in words."""

from __future__ import annotations

from collections.abc import Mapping

from optout.api.service import ShownProof
from optout.registry.cases import ProofState

from .languages import N_, Language

GRADES: Mapping[str, str] = {
    "self": N_("You say so yourself."),
    "account": N_("Your account is proved."),
    "domain": N_("Your site is proved."),
    "reviewed": N_("Looked at by a person."),
}


def grade(language: Language, name: str) -> str:
    """A grade in words."""
    return language.text(GRADES[name])


def is_worth_showing(shown: ShownProof) -> bool:
    """Whether a proof stands or is under way; of one that has ended, its subject says enough."""
    return shown.proof.state != ProofState.ENDED
