"""What is sealed under the key of a case, named by the case's number."""

from __future__ import annotations

from optout.registry.errors import RegistryError
from sqlalchemy import Connection

from .case_rows import case_key_number
from .shredding import seal, unseal
from .vault import Label


def seal_for_case(connection: Connection, number: str, purpose: str, plain: bytes) -> bytes:
    """Seal something under the key of a case.

    Args:
        connection: writing.
        number: of a case that there is.
        purpose: what it is: it opens as nothing else.
        plain: what to seal.

    Raises:
        RegistryError: no key belongs to the case, or it was destroyed.
    """
    at = case_key_number(connection, number)
    if at is None:
        raise RegistryError(
            f"the case {number} has no item, and so no key",
            "Restore the registry from a backup, with its key and its vault.",
        )
    return seal(connection, Label.CASE, at, purpose, plain)


def unseal_for_case(connection: Connection, number: str, purpose: str, box: bytes) -> bytes | None:
    """Open what `seal_for_case` made; None where the key was destroyed, or there is no such case.

    Raises:
        RegistryError: the box was changed, or belongs elsewhere.
    """
    at = case_key_number(connection, number)
    return None if at is None else unseal(connection, Label.CASE, at, purpose, box)
