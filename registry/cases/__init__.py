"""What one person has registered, and the secret that is the only key to it."""

from __future__ import annotations

from optout.registry.errors import CaseNotFound
from optout.registry.store import NoticeState, ProofState, SharedItem, SharedState

from .case import Case, CaseEntry, CaseItem, OpenedCase
from .cases import Cases
from .contact import Contact, Contacts, SentCode
from .news import LEASE, Letter, News, Wish, tell, tell_all
from .notices import MOST_CHARACTERS, Notice, Notices, OpenedNotice, Reason, due_date
from .proving import Proofs
from .rechecking import Check, Rechecks
from .repeating import ANSWERS, Answers, Repeat
from .secret import folded
from .sharing import SHOWN_ELSEWHERE, Sharing
from .standing import Method, StandingProof, lower_unproved

__all__ = [
    "ANSWERS",
    "LEASE",
    "MOST_CHARACTERS",
    "SHOWN_ELSEWHERE",
    "Answers",
    "Case",
    "CaseEntry",
    "CaseItem",
    "CaseNotFound",
    "Cases",
    "Check",
    "Contact",
    "Contacts",
    "Letter",
    "Method",
    "News",
    "Notice",
    "NoticeState",
    "Notices",
    "OpenedCase",
    "OpenedNotice",
    "ProofState",
    "Proofs",
    "Reason",
    "Rechecks",
    "Repeat",
    "SentCode",
    "SharedItem",
    "SharedState",
    "Sharing",
    "StandingProof",
    "Wish",
    "due_date",
    "folded",
    "lower_unproved",
    "tell",
    "tell_all",
]
