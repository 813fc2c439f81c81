"""The log, its openings, the operator's claims, and people's cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _entry(name: str, table: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    foreign = sa.ForeignKey(target, name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, _POSITION, foreign, nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "settings",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        _key("settings", "name"),
    )
    op.create_table(
        "tree",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("size", _POSITION, nullable=False),
        sa.Column("nodes", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_tree_one")),
        _key("tree", "id"),
    )
    op.create_table(
        "leaves",
        sa.Column("position", _POSITION, nullable=False, autoincrement=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        _key("leaves", "position"),
    )
    op.create_table(
        "steps",
        _entry("position", "steps", "leaves.position"),
        _entry("entry", "steps", "leaves.position"),
        _key("steps", "position"),
    )
    op.create_index(op.f("ix_steps_entry"), "steps", ["entry"])
    op.create_table(
        "openings",
        _entry("entry", "openings", "leaves.position"),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("matter", sa.LargeBinary),
        _key("openings", "entry"),
    )
    op.create_table(
        "claims",
        sa.Column("lookup", sa.LargeBinary(32), nullable=False),
        _entry("entry", "claims", "leaves.position"),
        _key("claims", "lookup"),
    )
    op.create_index(op.f("ix_claims_entry"), "claims", ["entry"])
    op.create_table(
        "cases",
        sa.Column("number", sa.String(9), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
        _key("cases", "number"),
    )
    op.create_table(
        "sealed",
        _entry("entry", "sealed", "openings.entry"),
        sa.Column(
            "case_number",
            sa.String(9),
            sa.ForeignKey("cases.number", name=op.f("fk_sealed_case_number")),
        ),
        sa.Column("nonce", sa.LargeBinary),
        sa.Column("box", sa.LargeBinary),
        _key("sealed", "entry"),
    )
    op.create_index(op.f("ix_sealed_case_number"), "sealed", ["case_number"])
