"""Partners' uploads in their table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from .partner_tables import partners, uploads
from .report_rows import next_number


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One list that a partner has sent.

    Attributes:
        id: what it is called by.
        partner: the key that it was sent with, by its id.
        kind: what its values are; empty where they say it themselves.
        form: the ending of its file.
        takes_back: 1 where it lists what is taken back, else 0.
        state: `waiting`, `working`, `done` or `failed`.
        rows: values read.
        changed: entries that were added, or taken back.
        known: values that changed nothing.
        refused: values that cannot be registered.
        refusals: the first of them, as JSON.
        fault: why it could not be read to its end; empty while it could.
    """

    id: str
    partner: str
    kind: str
    form: str
    takes_back: int
    state: str
    rows: int = 0
    changed: int = 0
    known: int = 0
    refused: int = 0
    refusals: str = "[]"
    fault: str = ""


_COLUMNS = [column for column in uploads.c if column.name != "number"]


def add_upload(connection: Connection, row: UploadRow) -> None:
    """Keep an upload behind all others."""
    number = next_number(connection, uploads.c.number)
    connection.execute(insert(uploads), {"number": number, **asdict(row)})


def find_upload(connection: Connection, identity: str) -> tuple[UploadRow, str] | None:
    """An upload, and the name of the partner who sent it."""
    found = connection.execute(
        select(*_COLUMNS, partners.c.name.label("sender"))
        .join(partners, partners.c.id == uploads.c.partner)
        .where(uploads.c.id == identity)
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    fields = dict(row)
    sender = str(fields.pop("sender"))
    return UploadRow(**fields), sender


def change_upload(connection: Connection, identity: str, change: Mapping[str, object]) -> None:
    """Keep how far an upload has come."""
    connection.execute(update(uploads).where(uploads.c.id == identity).values(**change))


def list_unfinished(connection: Connection) -> list[str]:
    """The uploads that are still to be worked off, in the order in which they came."""
    wanted = select(uploads.c.id).where(uploads.c.state.in_(("waiting", "working")))
    return list(connection.execute(wanted.order_by(uploads.c.number)).scalars())
