"""Entries that come from a list which somebody keeps, and goes on keeping: a feed.

What a feed listed is an entry of its own, whoever else claimed the same: so that what the feed
takes back later ends that entry and nobody else's. The database knows feeds and their records by
keyed hashes alone, as it knows the operator's claims.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from optout.registry import documents
from optout.registry.identifiers import usage_mask
from optout.registry.log import ByOperator
from sqlalchemy import Connection, delete, select

from .entries import Claim, enter, withdraw
from .log_rows import chunks, read_entries, read_stepped
from .many_rows import insert_rows
from .tables import claims, feeds

TAKEN_BACK = "taken back by the list that it came from"
"""The reason that stands in the log: no feed is named there."""


@dataclass(frozen=True, slots=True)
class RecordName:
    """What a feed calls a record by. A tombstone has a value, an id or a case.

    Attributes:
        signal: the type of its signal.
        value: the signal; may be missing from a tombstone.
        id: the feed's own name of the record: two ids are two records, even of one value.
        case: the request that it came from.
    """

    signal: str
    value: str
    id: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A record that a feed lists.

    Attributes:
        name: what it is called by.
        claim: what it claims.
    """

    name: RecordName
    claim: Claim


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of a feed's records.

    Attributes:
        added: entries that were new.
        known: records whose entries are there already, or that stand there more than once.
        ended: those of them whose entries the operator has ended: they stay so.
        withdrawn: entries that the feed took back, by number.
        unknown: records that it took back and that fit no entry of it: it never listed them, or
            took them back before.
    """

    added: int
    known: int
    ended: int
    withdrawn: list[int]
    unknown: int = 0


def follow(
    connection: Connection,
    feed: str,
    listed: Sequence[Listed],
    gone: Sequence[RecordName],
    key: bytes,
) -> Followed:
    """Withdraw what a feed takes back, then add what it lists and has not listed before.

    Args:
        connection: writing.
        feed: its name.
        listed: what it lists.
        gone: what it takes back; what it never listed is passed over.
        key: secret, and kept outside the database; see `claim`.

    Raises:
        UsageError: a claim names no usage, or an unknown one.
    """
    # A feed may be called after a file, whose name need not be UTF-8.
    feed = feed.encode(errors="backslashreplace").decode()
    withdrawn, unknown = _take_back(connection, feed, gone, key)
    lookups = [_lookup(key, feed, one) for one in listed]
    known = _entries(connection, dict.fromkeys(lookups))
    fresh = {
        lookup: one for lookup, one in zip(lookups, listed, strict=True) if lookup not in known
    }
    auths = [hashlib.sha256(secrets.token_bytes(32)).digest() for _ in fresh]
    made = enter(connection, [one.claim for one in fresh.values()], auths)
    _remember(connection, feed, dict(zip(fresh, made, strict=True)), fresh, key)
    stand = _in_force(connection, set(known.values()))
    return Followed(
        added=len(made),
        known=len(listed) - len(made),
        ended=sum(lookup in known and known[lookup] not in stand for lookup in lookups),
        withdrawn=withdrawn,
        unknown=unknown,
    )


def _take_back(
    connection: Connection, feed: str, gone: Sequence[RecordName], key: bytes
) -> tuple[list[int], int]:
    """Which entries ended, and how many of the names fit none."""
    marks = {mark for name in gone for mark in _marks(key, feed, name)}
    found: dict[bytes, set[int]] = {}
    for chunk in chunks(list(marks)):
        rows = connection.execute(
            select(feeds.c.record, feeds.c.entry).where(feeds.c.record.in_(chunk))
        )
        for mark, entry in rows:
            found.setdefault(mark, set()).add(entry)
    meant, unknown = set[int](), 0
    for name in gone:
        of = [found.get(mark, set()) for mark in _marks(key, feed, name)]
        # Its case says nothing where a value does: others may have asked for the same.
        told = of[: 1 + bool(name.id)] if name.value else of
        fits = set.intersection(*told) if told else set()
        meant |= fits
        unknown += not fits
    taken = sorted(_in_force(connection, meant))
    if taken:
        withdraw(connection, dict.fromkeys(taken, ByOperator(TAKEN_BACK)))
    for ended in chunks(taken):
        # Listed again it is a new entry; what the operator ended is left to the operator.
        connection.execute(delete(claims).where(claims.c.entry.in_(ended)))
        connection.execute(delete(feeds).where(feeds.c.entry.in_(ended)))
    return taken, unknown


def _marks(key: bytes, feed: str, name: RecordName) -> list[bytes]:
    """The keyed hashes that a record is remembered by: of its value, its id, its case."""
    kept = [["value", name.signal, name.value]] if name.value else []
    kept += [["id", name.id]] if name.id else []
    kept += [["case", name.case]] if name.case else []
    return [_hash(key, ["mark", feed, *one]) for one in kept]


def _lookup(key: bytes, feed: str, one: Listed) -> bytes:
    said = [usage_mask(one.claim.usage), str(one.claim.grade)]
    matter = one.claim.identifier.matter()
    return _hash(key, ["claim", feed, one.name.id, *said, matter])


def _hash(key: bytes, parts: Sequence[object]) -> bytes:
    # No claim of the operator's begins so: see `claims`.
    return hmac.digest(key, b"feed " + documents.canonical(list(parts)), hashlib.sha256)


def _entries(connection: Connection, lookups: Iterable[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for chunk in chunks(list(lookups)):
        rows = connection.execute(
            select(claims.c.lookup, claims.c.entry).where(claims.c.lookup.in_(chunk))
        )
        found.update((lookup, entry) for lookup, entry in rows)
    return found


def _in_force(connection: Connection, entries: Collection[int]) -> set[int]:
    # Most entries have no step after the one that added them, and need not be folded.
    stepped = read_stepped(connection, entries)
    folded = read_entries(connection, stepped)
    return {entry for entry in entries if entry not in stepped or folded[entry].status.in_force}


def _remember(
    connection: Connection,
    feed: str,
    made: dict[bytes, int],
    listed: dict[bytes, Listed],
    key: bytes,
) -> None:
    # In order, rows that stand beside each other in the index are written one after another.
    insert_rows(connection, claims, sorted(made.items()))
    marks = [
        (mark, entry)
        for lookup, entry in made.items()
        for mark in _marks(key, feed, listed[lookup].name)
    ]
    insert_rows(connection, feeds, sorted(marks))
