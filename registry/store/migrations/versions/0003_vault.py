"""Openings and the items of cases are sealed under the keys of the vault."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import context, op
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from optout.registry.store.columns import BytesOrNull
from optout.registry.store.vault import Label, Vault

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NONCE = 12
_CHUNK = 500


def upgrade() -> None:
    """Seal what stands there, and make the table of what is still to be destroyed."""
    vault = context.config.attributes["vault"]
    op.create_table(
        "shreds",
        sa.Column("label", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", _POSITION, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("label", "number", name=op.f("pk_shreds")),
    )
    connection = op.get_bind()
    settings = sa.table("settings", sa.column("name"), sa.column("value"))
    # How the files forgot before, and whose keys they are sealed under now.
    connection.execute(settings.delete().where(settings.c.name == "scrub"))
    connection.execute(settings.insert(), {"name": "vault", "value": vault.name.hex()})

    op.add_column("openings", sa.Column("box", sa.LargeBinary))
    _seal(connection, vault, "openings", ("salt", "matter"), "opening")
    op.drop_column("openings", "salt")
    op.drop_column("openings", "matter")
    _seal(connection, vault, "sealed", ("nonce", "box"), "item")
    op.drop_column("sealed", "nonce")


def _seal(
    connection: sa.Connection,
    vault: Vault,
    name: str,
    columns: tuple[str, str],
    purpose: str,
) -> None:
    """Put two columns into the box, one after the other, where they are not empty."""
    entry = sa.column("entry", _POSITION)
    one, two = (sa.column(column, BytesOrNull()) for column in columns)
    box = sa.column("box", sa.LargeBinary)
    table = sa.table(name, entry, *{column.name: column for column in (one, two, box)}.values())
    wanted = sa.select(entry, one, two).select_from(table).order_by(entry).limit(_CHUNK)
    change = table.update().where(entry == sa.bindparam("at")).values(box=sa.bindparam("made"))
    after = -1
    while rows := connection.execute(wanted.where(entry > after)).all():
        after = rows[-1][0]
        made = []
        for at, first, second in rows:
            if None not in (first, second):
                nonce = secrets.token_bytes(_NONCE)
                bound = f"optout/v1/{purpose}/{int(Label.ENTRY)}/{at}".encode()
                cipher = ChaCha20Poly1305(vault.key(Label.ENTRY, at))
                made.append(
                    {"at": at, "made": nonce + cipher.encrypt(nonce, first + second, bound)}
                )
        if made:
            connection.execute(change, made)
