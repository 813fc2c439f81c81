"""The only place that decides: entries are confirmed here, and rows get their verdicts."""

from .confirm import Judge, Meeting
from .findings import FINDING, EntryRows, Examiner, Findings, Found, summed
from .policy import ACTIONS, Action, Policy
from .verdicts import Verdict, Verdicts, give_verdicts, kind_word

__all__ = [
    "ACTIONS",
    "FINDING",
    "Action",
    "EntryRows",
    "Examiner",
    "Findings",
    "Found",
    "Judge",
    "Meeting",
    "Policy",
    "Verdict",
    "Verdicts",
    "give_verdicts",
    "kind_word",
    "summed",
]
