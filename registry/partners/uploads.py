"""Whole lists that partners register or take back: how far each has been worked off."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from optout.registry.errors import RegistryError
from optout.registry.store import (
    Store,
    UploadRow,
    add_upload,
    change_upload,
    find_upload,
    list_unfinished,
)

from .partners import Partner

_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload has come.

    Attributes:
        state: `waiting`, `working`, `done` or `failed`.
        rows: values read.
        changed: entries that were added, or taken back.
        known: values that changed nothing.
        refused: values that cannot be registered.
        refusals: the first of them: place and reason.
        fault: why it could not be read to its end; empty while it could.
    """

    state: str = "waiting"
    rows: int = 0
    changed: int = 0
    known: int = 0
    refused: int = 0
    refusals: Sequence[tuple[str, str]] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PartnersUpload:
    """One list.

    Attributes:
        id: what it is called by.
        sender: the partner's name.
        kind: what its values are; empty where they say it themselves.
        form: the ending of its file: csv, jsonl or parquet.
        takes_back: whether it lists what is taken back.
        key: the key that it was sent with, by its id.
        progress: how far it has come.
    """

    id: str
    sender: str
    kind: str
    form: str
    takes_back: bool
    key: str
    progress: Progress


class PartnersUploads:
    """The uploads of one registry's partners. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def new_id(self) -> str:
        """What a new upload is to be called by."""
        return secrets.token_hex(_ID_BYTES)

    def start(
        self, identity: str, partner: Partner, kind: str, form: str, *, takes_back: bool
    ) -> None:
        """Keep that an upload waits; its file is there."""
        row = UploadRow(identity, partner.id, kind, form, int(takes_back), "waiting")
        with self._store.writing() as connection:
            add_upload(connection, row)

    def find(self, identity: str) -> PartnersUpload | None:
        """An upload; None where there is none."""
        with self._store.reading() as connection:
            found = find_upload(connection, identity)
        if found is None:
            return None
        row, sender = found
        progress = Progress(
            row.state,
            row.rows,
            row.changed,
            row.known,
            row.refused,
            _refusals(row.refusals),
            row.fault,
        )
        return PartnersUpload(
            row.id, sender, row.kind, row.form, bool(row.takes_back), row.partner, progress
        )

    def keep(self, identity: str, progress: Progress) -> None:
        """Keep how far an upload has come."""
        change = {
            "state": progress.state,
            "rows": progress.rows,
            "changed": progress.changed,
            "known": progress.known,
            "refused": progress.refused,
            "refusals": json.dumps(progress.refusals),
            "fault": progress.fault,
        }
        with self._store.writing() as connection:
            change_upload(connection, identity, change)

    def unfinished(self) -> list[str]:
        """The uploads that are still to be worked off, in the order in which they came."""
        with self._store.reading() as connection:
            return list_unfinished(connection)


def _refusals(text: str) -> list[tuple[str, str]]:
    try:
        return [(str(place), str(why)) for place, why in json.loads(text)]
    except (ValueError, TypeError, RecursionError) as fault:
        raise RegistryError(
            "the registry's database holds something else where an upload's refusals belong",
            "Restore it from a backup, with its key.",
        ) from fault
