"""Records read from the bytes that stand in a log, strictly: one record, one form.

A reader is as exact as the writer: a leaf is read, the record written again, and both compared. So
no two leaves mean the same, and nothing can ride along in a field that nobody looks at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from optout.registry.errors import LogFault, UsageError
from optout.registry.identifiers import Grade, Kind

from .records import (
    Add,
    ByOperator,
    Dispute,
    Erase,
    GradeChange,
    Proof,
    Record,
    Restore,
    Revealed,
    Withdraw,
)

MAX_LEAF = 4096
"""Bytes: no record is longer, with room to spare."""

_ADVICE = "Fetch the log again; if it still fails, whoever runs it must explain it."


def parse_leaf(leaf: bytes) -> Record:
    """Read a record from the bytes that stand in a log.

    Raises:
        LogFault: they are not exactly what `leaf()` of a record makes.
    """
    if len(leaf) > MAX_LEAF:
        raise LogFault(f"a record of {len(leaf)} bytes is too long", _ADVICE)
    try:
        document = json.loads(leaf)
    except (ValueError, RecursionError) as fault:
        raise LogFault("a record is not JSON", _ADVICE) from fault
    if not isinstance(document, dict):
        raise LogFault("a record is not a JSON object", _ADVICE)
    version, op = document.get("v"), document.get("op")
    if version != 1 or not isinstance(op, str) or op not in _READERS:
        raise LogFault(
            f"a record of version {_shown(version)} with op {_shown(op)} is unknown here",
            "Use a newer version of optout, if this comes from one.",
        )
    try:
        record = _READERS[op](document)
        exact = record.leaf() == leaf
    except (KeyError, TypeError, ValueError, UsageError) as fault:
        why = fault.message if isinstance(fault, UsageError) else "a field is missing or unfit"
        raise LogFault(f"the record {_shown(document)} is malformed: {why}", _ADVICE) from fault
    if not exact:
        raise LogFault(f"the record {_shown(document)} is not in canonical form", _ADVICE)
    return record


def _add(document: Mapping[str, Any]) -> Add:
    return Add(
        Kind(document["kind"]),
        bytes.fromhex(document["commitment"]),
        bytes.fromhex(document["auth"]),
        tuple(document["usage"]),
        Grade(document["grade"]),
        document["date"],
    )


def _grade(document: Mapping[str, Any]) -> GradeChange:
    grade = Grade(document["grade"])
    return GradeChange(_entry(document), grade, document["date"], _operator(document))


def _withdraw(document: Mapping[str, Any]) -> Withdraw:
    return Withdraw(_entry(document), _proof(document), document["date"])


def _dispute(document: Mapping[str, Any]) -> Dispute:
    return Dispute(_entry(document), document["date"], _operator(document))


def _restore(document: Mapping[str, Any]) -> Restore:
    return Restore(_entry(document), document["date"], _operator(document))


def _erase(document: Mapping[str, Any]) -> Erase:
    return Erase(_entry(document), _proof(document), document["date"])


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Record]] = {
    "add": _add,
    "grade": _grade,
    "withdraw": _withdraw,
    "dispute": _dispute,
    "restore": _restore,
    "erase": _erase,
}


def _entry(document: Mapping[str, Any]) -> int:
    entry = document["entry"]
    if type(entry) is not int:  # true and 1.0 would pass for numbers
        raise TypeError("not a whole number")
    return entry


def _proof(document: Mapping[str, Any]) -> Proof:
    if "token" in document:
        return Revealed(bytes.fromhex(document["token"]))
    return _operator(document)


def _operator(document: Mapping[str, Any]) -> ByOperator:
    return ByOperator(document["why"])


def _shown(value: object) -> str:
    """A few characters of something that may be anything."""
    text = ascii(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
