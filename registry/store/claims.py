"""The operator's claims: repeating one that is in force changes nothing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from optout.registry import documents
from optout.registry.identifiers import usage_mask
from sqlalchemy import Connection, delete, insert, select

from .entries import Added, Claim, enter
from .log_rows import CHUNK, read_entries, read_stepped
from .tables import claims as table


def claim(connection: Connection, claims: Sequence[Claim], key: bytes) -> list[Added]:
    """Add the operator's claims, but for those that are in force already.

    Two claims are the same when item, usage and grade are. Nobody ever learns the tokens of these
    entries: the operator ends them in the open, by name.

    Args:
        connection: writing.
        claims: what the operator claims.
        key: secret, and kept outside the database: what a page may keep of a value that was
            removed is no way to test a guess without it.

    Returns:
        What became of each claim, in their order.
    """
    lookups = [_lookup(key, one) for one in claims]
    known = _in_force(connection, list(dict.fromkeys(lookups)))
    fresh = {
        lookup: one for lookup, one in zip(lookups, claims, strict=True) if lookup not in known
    }
    auths = [hashlib.sha256(secrets.token_bytes(32)).digest() for _ in fresh]
    made = dict(zip(fresh, enter(connection, list(fresh.values()), auths), strict=True))
    _remember(connection, made)
    told: set[bytes] = set()
    added = []
    for lookup in lookups:
        new = lookup in made and lookup not in told
        told.add(lookup)
        added.append(Added(made[lookup] if lookup in made else known[lookup], new))
    return added


def _lookup(key: bytes, claim: Claim) -> bytes:
    matter = documents.canonical(claim.identifier.matter())
    said = f"{usage_mask(claim.usage)} {claim.grade} ".encode()
    return hmac.digest(key, said + matter, hashlib.sha256)


def _in_force(connection: Connection, lookups: Sequence[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for start in range(0, len(lookups), CHUNK):
        wanted = lookups[start : start + CHUNK]
        rows = connection.execute(
            select(table.c.lookup, table.c.entry).where(table.c.lookup.in_(wanted))
        )
        found.update((lookup, entry) for lookup, entry in rows)
    # Most entries have no step after the one that added them, and need not be folded.
    stepped = read_stepped(connection, set(found.values()))
    entries = read_entries(connection, stepped)
    return {
        lookup: entry
        for lookup, entry in found.items()
        if entry not in stepped or entries[entry].status.in_force
    }


def _remember(connection: Connection, made: dict[bytes, int]) -> None:
    lookups = list(made)
    for start in range(0, len(lookups), CHUNK):
        wanted = lookups[start : start + CHUNK]
        # Where the same was claimed before and withdrawn, the newer entry is the one to find.
        connection.execute(delete(table).where(table.c.lookup.in_(wanted)))
        connection.execute(
            insert(table), [{"lookup": lookup, "entry": made[lookup]} for lookup in wanted]
        )
