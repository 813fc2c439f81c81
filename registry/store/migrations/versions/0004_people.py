"""What a case can have beside its items: contact, proofs, notices, shared items, letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number(table: str, name: str, target: str = "") -> sa.Column[int]:
    foreign = [sa.ForeignKey(target, name=op.f(f"fk_{table}_{name}"))] if target else []
    return sa.Column(name, _POSITION, *foreign, nullable=False, autoincrement=False)


def _word(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _case(table: str) -> sa.Column[str]:
    foreign = sa.ForeignKey("cases.number", name=op.f(f"fk_{table}_case_number"))
    return sa.Column("case_number", sa.String(9), foreign, nullable=False)


def _box(name: str = "box", *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def _index(table: str, *names: str) -> None:
    for name in names:
        op.create_index(op.f(f"ix_{table}_{name}"), table, [name])


def upgrade() -> None:
    """Make the tables of people."""
    op.create_table(
        "contacts",
        _case("contacts"),
        _box(),
        _word("language", 16),
        _word("news", 40),
        _number("contacts", "confirmed"),
        _box("code"),
        _number("contacts", "code_until"),
        _number("contacts", "code_attempts"),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_contacts")),
    )
    op.create_table(
        "proofs",
        _word("id", 16),
        _case("proofs"),
        _word("method", 8),
        _box(),
        _word("grade", 8),
        _word("state", 8),
        _number("proofs", "made"),
        _number("proofs", "checked"),
        _number("proofs", "failures"),
        _number("proofs", "expires"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
    )
    _index("proofs", "case_number", "state")
    op.create_table(
        "proved",
        sa.Column(
            "proof",
            sa.String(16),
            sa.ForeignKey("proofs.id", name=op.f("fk_proved_proof")),
            nullable=False,
        ),
        _number("proved", "entry", "leaves.position"),
        sa.PrimaryKeyConstraint("proof", "entry", name=op.f("pk_proved")),
    )
    _index("proved", "entry")
    op.create_table(
        "notices",
        _word("number", 9),
        _number("notices", "entry", "leaves.position"),
        _box("proof"),
        _word("reason", 20),
        _box(nullable=True),
        _word("state", 9),
        _word("made", 10),
        _word("due", 10),
        _box("counter_box", nullable=True),
        _word("countered", 10),
        _word("decided", 10),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_notices")),
    )
    _index("notices", "entry", "state")
    op.create_table(
        "shared",
        _number("shared", "entry", "leaves.position"),
        _box(nullable=True),
        _word("state", 9),
        _word("asked", 10),
        _box("answer_box", nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_shared")),
    )
    _index("shared", "state")
    op.create_table(
        "letters",
        _word("id", 16),
        _case("letters"),
        _word("kind", 16),
        _box(),
        _word("state", 8),
        _number("letters", "due"),
        _number("letters", "attempts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
    )
    _index("letters", "case_number", "due")
