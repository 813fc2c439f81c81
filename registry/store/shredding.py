"""Rows that an erasure makes unreadable wherever they were copied to: sealed under a vault's keys.

ChaCha20-Poly1305 (RFC 8439) with a random nonce in front, bound to what it is for and to whom it
belongs, so that no box opens in another's place.

An erasure says in the transaction that logs it which keys must go, in the table `shreds`; once that
is durable they are destroyed, and the rows removed. Whatever comes in between, the rows remain
until it is done.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from optout.registry.errors import RegistryError
from sqlalchemy import Connection, delete, insert, select

from .columns import known
from .key_numbers import Keys
from .log_rows import chunks
from .tables import shreds
from .vault import Label

NONCE_SIZE = 12
"""Bytes of a nonce (RFC 8439, section 2.8)."""

_OPTION = "keys"


def with_keys(connection: Connection, keys: Keys) -> Connection:
    """The connection, which from now on says which keys its rows are sealed under."""
    return connection.execution_options(**{_OPTION: keys})


def keys_of(connection: Connection) -> Keys:
    """The keys of the registry that is being read or written."""
    keys = connection.get_execution_options()[_OPTION]
    assert isinstance(keys, Keys)  # noqa: S101  # `Store` hands out no other connection
    return keys


def seal(connection: Connection, label: Label, number: int, purpose: str, plain: bytes) -> bytes:
    """Seal something under the key of a number.

    Args:
        connection: says which keys.
        label: what the number belongs to.
        number: of the entry, or the lowest of the case's.
        purpose: what it is: it opens as nothing else.
        plain: what to seal.

    Raises:
        RegistryError: the key was destroyed: the number was in use before.
    """
    box = seal_if_kept(connection, label, number, purpose, plain)
    if box is None:
        path = keys_of(connection).vault.path
        raise RegistryError(
            f"the vault {path} has destroyed the key of {label.name.lower()} {number}, which is "
            "only being made",
            "The database is older than its vault: make it anew from its newest backup with: "
            "optout recover",
        )
    return box


def seal_if_kept(
    connection: Connection, label: Label, number: int, purpose: str, plain: bytes
) -> bytes | None:
    """What `seal` makes; None where the key was destroyed."""
    key = keys_of(connection).key(label, number)
    if key is None:
        return None
    nonce = secrets.token_bytes(NONCE_SIZE)
    bound = _bound(label, number, purpose)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, bound)


def unseal(
    connection: Connection, label: Label, number: int, purpose: str, box: bytes | None
) -> bytes | None:
    """Open what `seal` made; None where it was removed, or its key destroyed.

    Raises:
        RegistryError: the box was changed, or belongs elsewhere.
    """
    key = None if box is None else keys_of(connection).key(label, number)
    if box is None or key is None:
        return None
    try:
        bound = _bound(label, number, purpose)
        return ChaCha20Poly1305(key).decrypt(box[:NONCE_SIZE], box[NONCE_SIZE:], bound)
    except (InvalidTag, ValueError) as fault:  # the latter for a nonce that is none
        raise RegistryError(
            f"the {purpose} of {label.name.lower()} {number} is damaged",
            "Restore the registry from a backup, with its key and its vault.",
        ) from fault


def to_shred(connection: Connection, label: Label, numbers: Collection[int]) -> None:
    """Say that keys must be destroyed once the transaction is durable.

    Args:
        connection: writing.
        label: what the numbers belong to.
        numbers: of the entries, or the lowest of each case's.
    """
    keys = keys_of(connection)
    for chunk in chunks(sorted({keys.number(number) for number in numbers})):
        connection.execute(
            insert(shreds), [{"label": int(label), "number": number} for number in chunk]
        )


def due_shreds(connection: Connection) -> dict[Label, list[int]]:
    """The keys that must be destroyed, by their numbers in the vault."""
    due: dict[Label, list[int]] = {}
    for label, number in connection.execute(select(shreds.c.label, shreds.c.number)):
        due.setdefault(known(Label, label), []).append(number)
    return due


def are_shreds_due(connection: Connection) -> bool:
    """Whether a key must be destroyed."""
    return connection.execute(select(shreds.c.number).limit(1)).first() is not None


def drop_shreds(connection: Connection, done: dict[Label, list[int]]) -> None:
    """Say that keys are destroyed."""
    for label, numbers in done.items():
        for chunk in chunks(numbers):
            connection.execute(
                delete(shreds).where(shreds.c.label == int(label), shreds.c.number.in_(chunk))
            )


def _bound(label: Label, number: int, purpose: str) -> bytes:
    return f"optout/v1/{purpose}/{int(label)}/{number}".encode()
