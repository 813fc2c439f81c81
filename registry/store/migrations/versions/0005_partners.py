"""Partners' keys, their reports of what a corpus left out, and their uploads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number(table: str, name: str, target: str = "") -> sa.Column[int]:
    foreign = [sa.ForeignKey(target, name=op.f(f"fk_{table}_{name}"))] if target else []
    return sa.Column(name, _POSITION, *foreign, nullable=False, autoincrement=False)


def _word(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    """Make the tables of partners."""
    op.create_table(
        "partners",
        _word("id", 8),
        _word("name", 100),
        _word("purpose", 8),
        sa.Column("key_hash", sa.LargeBinary(32), nullable=False),
        _word("key_shown", 24),
        _word("domain", 253),
        _word("verifier", 400),
        _word("made", 10),
        _word("used", 10),
        _word("ended", 10),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
    )
    op.create_index(op.f("ix_partners_key_hash"), "partners", ["key_hash"], unique=True)
    op.create_table(
        "reports",
        _number("reports", "number"),
        sa.Column(
            "partner",
            sa.String(8),
            sa.ForeignKey("partners.id", name=op.f("fk_reports_partner")),
            nullable=False,
        ),
        _word("corpus", 200),
        _word("date", 10),
        _number("reports", "size"),
        _number("reports", "entries"),
        _number("reports", "rows"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_partner"), "reports", ["partner"])
    op.create_index(op.f("ix_reports_digest"), "reports", ["digest"], unique=True)
    op.create_table(
        "reported",
        _number("reported", "report", "reports.number"),
        _number("reported", "entry", "leaves.position"),
        _number("reported", "rows"),
        sa.PrimaryKeyConstraint("report", "entry", name=op.f("pk_reported")),
    )
    op.create_index(op.f("ix_reported_entry"), "reported", ["entry"])
    op.create_table(
        "uploads",
        _number("uploads", "number"),
        _word("id", 16),
        sa.Column(
            "partner",
            sa.String(8),
            sa.ForeignKey("partners.id", name=op.f("fk_uploads_partner")),
            nullable=False,
        ),
        _word("kind", 16),
        _word("form", 16),
        sa.Column("takes_back", sa.Integer, nullable=False),
        _word("state", 16),
        _number("uploads", "rows"),
        _number("uploads", "changed"),
        _number("uploads", "known"),
        _number("uploads", "refused"),
        sa.Column("refusals", sa.Text, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_id"), "uploads", ["id"], unique=True)
    op.create_index(op.f("ix_uploads_partner"), "uploads", ["partner"])
