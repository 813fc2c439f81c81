"""Which entries came from which record of a feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of feeds."""
    op.create_table(
        "feeds",
        sa.Column("record", sa.LargeBinary(32), nullable=False),
        sa.Column(
            "entry",
            _POSITION,
            sa.ForeignKey("leaves.position", name=op.f("fk_feeds_entry")),
            nullable=False,
            autoincrement=False,
        ),
        sa.PrimaryKeyConstraint("record", "entry", name=op.f("pk_feeds")),
    )
    op.create_index(op.f("ix_feeds_entry"), "feeds", ["entry"])
