"""Requests that may come again: whoever sends one twice gets the first answer once more.

Who sends a request chooses a key for it (draft-ietf-httpapi-idempotency-key-header). All writing
goes through one transaction after the other: whether a key came before is known when it is asked,
and nothing is ever half answered.

An answer holds a secret. It is sealed under a key that comes out of what the client chose, and is
kept nowhere (HKDF, RFC 5869); and so once more under the key of the case, with which it goes. Of
the client's key and of the request only keyed hashes are kept, for a day.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from optout.registry.errors import RegistryError
from optout.registry.store import (
    AnswerRow,
    Store,
    add_answers,
    find_answers,
    forget_answers,
    is_answer_over,
)
from sqlalchemy import Connection

from .case import OpenedCase
from .opening import Draft
from .sealing import NONCE_SIZE

ANSWERS = "answers"
"""What the registry's secret for them is called; see `Registry.derive`."""

KEPT = timedelta(hours=24)
"""How long the same key gives the same answer."""

_INFO = b"optout/v1/answers"
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Repeat:
    """What tells whether a request came before.

    Attributes:
        key_digest: of the key that its sender chose, for this operation; 32 bytes.
        fingerprint: of what it asks for, 32 bytes.
        client_key: opens the answer, and is kept nowhere; 32 bytes.
    """

    key_digest: bytes
    fingerprint: bytes
    client_key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes, operation: str, key: str, asked: Iterable[str]) -> Repeat:
        """What tells of one request.

        Args:
            secret: of the registry, for `ANSWERS`.
            operation: what is done: other operations have other answers to the same key.
            key: as its sender chose it, at random.
            asked: everything that it asks for, part by part.
        """
        fingerprint = hmac.new(secret, _INFO + b"/request", hashlib.sha256)
        for part in (operation, *asked):
            data = part.encode("utf-8", "surrogatepass")
            fingerprint.update(len(data).to_bytes(_LENGTH) + data)
        asked_for = fingerprint.digest()
        chosen = f"{operation}\0{key}".encode()
        digest = hmac.digest(secret, _INFO + b"/key\0" + chosen, hashlib.sha256)
        return cls(digest, asked_for, HKDF(SHA256(), 32, asked_for, _INFO).derive(chosen))

    def seal(self, answer: bytes) -> bytes:
        """Seal an answer, which is given to nobody but who sends the same once more."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        return nonce + ChaCha20Poly1305(self.client_key).encrypt(nonce, answer, self.key_digest)

    def unseal(self, box: bytes) -> bytes:
        """Open what `seal` made for the same request.

        Raises:
            RegistryError: the box was changed, or belongs elsewhere.
        """
        try:
            return ChaCha20Poly1305(self.client_key).decrypt(
                box[:NONCE_SIZE], box[NONCE_SIZE:], self.key_digest
            )
        except (InvalidTag, ValueError) as fault:  # the latter for a nonce that is none
            raise RegistryError(
                "the answer to a request that came again is damaged",
                "Restore the registry from a backup, with its key.",
            ) from fault


@dataclass(frozen=True, slots=True)
class Again:
    """A request whose key came before.

    Attributes:
        number: of the case or the notice that it made.
        answer: what was answered; None where the key came with another request.
    """

    number: str
    answer: dict[str, Any] | None = field(repr=False)

    @classmethod
    def of(cls, repeat: Repeat, row: AnswerRow) -> Again:
        """What a request that has this key is told.

        Raises:
            RegistryError: the answer is damaged.
        """
        if not hmac.compare_digest(row.fingerprint, repeat.fingerprint):
            return cls(row.number, None)
        return cls(row.number, json.loads(repeat.unseal(row.box)))


class Answers:
    """The answers that one registry keeps. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def forget_over(self, now: datetime) -> int:
        """Forget some answers whose day is over, whether or not anybody sends anything.

        Returns:
            How many were forgotten; 0 once none is left.

        Raises:
            RegistryError: the database cannot be written.
        """
        with self._store.reading() as connection:
            if not is_answer_over(connection, now):
                return 0  # without keeping anybody from writing
        with self._store.writing() as connection:
            return forget_answers(connection, now)


def before(connection: Connection, repeat: Repeat, now: datetime) -> Again | None:
    """What was answered to a request; None where its key did not come before.

    Args:
        connection: reading or writing.
        repeat: what tells of it.
        now: the time.

    Raises:
        RegistryError: the answer is damaged.
    """
    rows = find_answers(connection, [repeat.key_digest], now)
    return Again.of(repeat, rows[0]) if rows else None


def keep_notice(
    connection: Connection, repeat: Repeat, entry: int, answer: dict[str, str], now: datetime
) -> None:
    """Keep what is answered to who sends a notice.

    Args:
        connection: writing.
        repeat: what tells of the request.
        entry: which the notice is about: the answer goes with it.
        answer: its number, and whatever else is told.
        now: the time.
    """
    box = repeat.seal(json.dumps(answer).encode())
    row = AnswerRow(
        repeat.key_digest, repeat.fingerprint, answer["number"], entry, box, is_notice=True
    )
    add_answers(connection, [row], now + KEPT)


def answered(
    connection: Connection, drafts: Sequence[Draft], repeats: Mapping[int, Repeat], now: datetime
) -> dict[int, OpenedCase | None]:
    """The cases that were opened before, by the places of the requests that come again.

    Args:
        connection: writing.
        drafts: what each request asks for.
        repeats: by place, of those that came with a key.
        now: the time.

    Returns:
        The case as it was opened; None where the key came with another request.

    Raises:
        RegistryError: an answer is damaged.
    """
    if not repeats:
        return {}
    keys = {repeat.key_digest for repeat in repeats.values()}
    rows = {row.key_digest: row for row in find_answers(connection, keys, now)}
    return {
        place: _opened_before(drafts[place], Again.of(repeat, rows[repeat.key_digest]))
        for place, repeat in repeats.items()
        if repeat.key_digest in rows
    }


def _opened_before(draft: Draft, again: Again) -> OpenedCase | None:
    told = again.answer
    if told is None:
        return None
    opening = draft.under(again.number, told["secret"])
    return replace(opening.opened(told["entries"], told["date"]), replayed=True)


def remember(
    connection: Connection,
    opened: Mapping[int, OpenedCase],
    repeats: Mapping[int, Repeat],
    now: datetime,
) -> None:
    """Keep the answers to requests that may come again.

    Args:
        connection: writing.
        opened: what was opened, by the place of its request.
        repeats: by place, of those that came with a key.
        now: the time.
    """
    rows = []
    for place, repeat in repeats.items():
        if place not in opened:
            continue
        case = opened[place]
        entries = [added.index for added in case.entries if added.new]
        told = {"secret": case.secret, "entries": entries, "date": case.case.date}
        box = repeat.seal(json.dumps(told).encode())
        rows.append(
            AnswerRow(repeat.key_digest, repeat.fingerprint, case.number, min(entries), box)
        )
    if rows:
        add_answers(connection, rows, now + KEPT)


def again_among(repeats: Mapping[int, Repeat]) -> dict[int, int]:
    """The requests whose key came with an earlier one of them: by place, the place of that one."""
    firsts: dict[bytes, int] = {}
    for place in sorted(repeats):
        firsts.setdefault(repeats[place].key_digest, place)
    return {
        place: first
        for place, repeat in repeats.items()
        if (first := firsts[repeat.key_digest]) != place
    }
