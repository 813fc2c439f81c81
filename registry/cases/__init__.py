"""What one person has registered, and the secret that is the only key to it."""

from __future__ import annotations

from optout.registry.errors import CaseNotFound
from optout.registry.store import NoticeState, ProofState, SharedItem, SharedState

from .case import Case, CaseEntry, CaseItem, OpenedCase
from .cases import Cases
from .contact import Contact, Contacts, SentCode
from .news import Letter, News, Wish, tell
from .notices import Notice, Notices, OpenedNotice, Reason
from .proving import Check, Method, Proofs, StandingProof, lower_unproved
from .secret import folded
from .sharing import Sharing

__all__ = [
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
    "SentCode",
    "SharedItem",
    "SharedState",
    "Sharing",
    "StandingProof",
    "Wish",
    "folded",
    "lower_unproved",
    "tell",
]
