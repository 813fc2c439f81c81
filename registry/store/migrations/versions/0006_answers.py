"""Answers to requests that may come again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of answers."""
    op.create_table(
        "answers",
        sa.Column("key_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("number", sa.String(9), nullable=False),
        sa.Column("label", _POSITION, nullable=False),
        sa.Column(
            "entry",
            _POSITION,
            sa.ForeignKey("leaves.position", name=op.f("fk_answers_entry")),
            nullable=False,
        ),
        sa.Column("until", _POSITION, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("pk_answers")),
    )
    for name in ("entry", "until"):
        op.create_index(op.f(f"ix_answers_{name}"), "answers", [name])
