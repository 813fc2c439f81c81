"""Which case a number and a secret open."""

from __future__ import annotations

import hmac

from optout.registry.errors import CaseNotFound, UsageError
from optout.registry.store import CaseRow, find_case
from sqlalchemy import Connection

from .secret import CaseKeys, folded


def unlocked(connection: Connection, number: str, secret: str) -> tuple[CaseRow, CaseKeys]:
    """A case whose secret this is. An unknown number costs the same work as a wrong secret.

    Args:
        connection: reading or writing.
        number: as somebody typed it; see `secret.folded`.
        secret: likewise.

    Raises:
        CaseNotFound: there is no such case, or its secret is another one.
    """
    number, secret = folded(number), folded(secret)
    case = find_case(connection, number)
    keys = CaseKeys.derive(number, secret)
    proof = case.proof if case else bytes(len(keys.proof))
    if not hmac.compare_digest(proof, keys.proof) or case is None:
        raise CaseNotFound(
            "there is no such case with this secret",
            "Check the case number and the secret on the receipt.",
        )
    return case, keys


def no_entry(number: str, index: int) -> UsageError:
    """What to raise where a case has no such entry."""
    return UsageError(
        f"the case {number} has no entry {index}", "Name entries that the case shows."
    )
