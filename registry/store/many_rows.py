"""Many new rows of a table in one statement, as cheaply as each database takes them.

SQLAlchemy makes a dictionary of every row and looks at every value, which costs more than writing
it: a list of a million entries is five million rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, LargeBinary, Table

_ARRAYS = ((BigInteger, "bigint[]"), (LargeBinary, "bytea[]"))


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows, all of them or none.

    Args:
        connection: writing.
        table: has columns of numbers and of bytes, and no others.
        rows: their values in the order of its columns; none of them null.
    """
    if not rows:
        return
    columns = ", ".join(column.name for column in table.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.columns)
        written = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608  # ours
        connection.exec_driver_sql(written, list(rows))
        return
    # An array for each column: one journey to the server, and binary from end to end.
    arrays = ", ".join(f"%b::{_array(column.type)}" for column in table.columns)
    written = f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({arrays})"  # noqa: S608
    connection.exec_driver_sql(written, tuple(map(list, zip(*rows, strict=True))))


def _array(kind: object) -> str:
    return next(name for ours, name in _ARRAYS if isinstance(kind, ours))
