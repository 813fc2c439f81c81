"""The log in its tables: appended to by one writer at a time, folded one entry at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from optout.registry.errors import RegistryError
from optout.registry.identifiers import Grade
from optout.registry.log import (
    Add,
    ByOperator,
    Entry,
    Erase,
    GradeChange,
    Record,
    Restore,
    State,
    Tree,
    Withdraw,
    leaf_hash,
    parse_leaf,
)
from sqlalchemy import ColumnElement, Connection, exists, select, update

from .many_rows import insert_rows
from .tables import leaves, steps, tree

Value = TypeVar("Value")

HASH = 32
CHUNK = 500
"""Rows or values that one statement asks for."""


def read_tree(connection: Connection) -> Tree:
    """How long the log is, and the frontier of its Merkle tree.

    Raises:
        LogFault: the row does not hold a frontier.
        RegistryError: there is no such row.
    """
    row = connection.execute(select(tree.c.size, tree.c.nodes)).one_or_none()
    if row is None:
        raise RegistryError(
            "the registry's database lacks its tree", "Restore it from a backup, with its key."
        )
    nodes = row.nodes
    return Tree(row.size, tuple(nodes[at : at + HASH] for at in range(0, len(nodes), HASH)))


def append(connection: Connection, records: Sequence[Record]) -> range:
    """Append records in their order; what they may not do, the caller has checked.

    Returns:
        Their positions.
    """
    grown = read_tree(connection)
    positions = range(grown.size, grown.size + len(records))
    if not records:
        return positions
    written = [record.leaf() for record in records]
    insert_rows(connection, leaves, list(zip(positions, written, strict=True)))
    later = [
        (position, record.entry)
        for position, record in zip(positions, records, strict=True)
        if not isinstance(record, Add)
    ]
    insert_rows(connection, steps, later)
    grown.extend(map(leaf_hash, written))
    changed = connection.execute(
        update(tree)
        .where(tree.c.size == positions.start)
        .values(size=grown.size, nodes=b"".join(grown.nodes))
    )
    if changed.rowcount != 1:
        raise RegistryError("two writers appended to the log at once", "Do it again.")
    return positions


def read_leaves(connection: Connection, start: int, stop: int) -> list[bytes]:
    """The leaves at the positions from `start` up to, not including, `stop`."""
    wanted = select(leaves.c.leaf).where(leaves.c.position >= start, leaves.c.position < stop)
    return list(connection.execute(wanted.order_by(leaves.c.position)).scalars())


def read_state(connection: Connection, entries: Collection[int]) -> State:
    """The fold of the whole log, with these entries alone in it.

    Numbers that are no entry's are left out: `State.check` then says so.
    """
    size = read_tree(connection).size
    state = State()
    for chunk in chunks(sorted({entry for entry in entries if 0 <= entry < size})):
        _fold(
            connection,
            state,
            added=leaves.c.position.in_(chunk),
            stepped=steps.c.entry.in_(chunk),
        )
    state.size = size
    return state


def read_entries(connection: Connection, indexes: Collection[int]) -> dict[int, Entry]:
    """Entries that another table names, as they are now.

    Raises:
        RegistryError: one of them is none.
    """
    entries = read_state(connection, indexes).entries
    for index in indexes:
        if index not in entries:
            raise RegistryError(
                f"the registry's database speaks of an entry {index}, which its log does not have",
                "Restore it from a backup, with its key.",
            )
    return entries


def read_stepped(connection: Connection, indexes: Collection[int]) -> set[int]:
    """Those of some entries that a later record is about, and those that the log does not have."""
    changed: set[int] = set()
    for chunk in chunks(sorted(indexes)):
        there = select(leaves.c.position).where(leaves.c.position.in_(chunk))
        changed |= set(chunk) - set(connection.execute(there).scalars())
        about = select(steps.c.entry).where(steps.c.entry.in_(chunk))
        changed |= set(connection.execute(about).scalars())
    return changed


def read_restored(connection: Connection, indexes: Collection[int]) -> set[int]:
    """Those of some entries that were once restored: somebody has looked at them."""
    each = _steps_about(connection, indexes)
    return {entry for entry, record in each if isinstance(record, Restore)}


def read_reasons(connection: Connection, indexes: Collection[int]) -> dict[int, str]:
    """Of those of some entries that the operator withdrew last, why; which may be empty."""
    each = _steps_about(connection, indexes)
    last = {entry: record.proof for entry, record in each if isinstance(record, Withdraw)}
    return {entry: proof.why for entry, proof in last.items() if isinstance(proof, ByOperator)}


def read_reviewed(
    connection: Connection, indexes: Collection[int], without: Collection[str]
) -> dict[int, Grade]:
    """The grades that some entries were given last, where they were given one.

    Args:
        connection: reading or writing.
        indexes: the entries.
        without: reasons whose records do not count.
    """
    found = {}
    for entry, record in _steps_about(connection, indexes):
        if isinstance(record, GradeChange) and record.proof.why not in without:
            found[entry] = record.grade
    return found


def _steps_about(connection: Connection, indexes: Collection[int]) -> Iterator[tuple[int, Record]]:
    """The records about some entries, each with its entry; those of one entry in their order."""
    for chunk in chunks(sorted(indexes)):
        about = (
            select(steps.c.entry, leaves.c.leaf)
            .join(leaves, steps.c.position == leaves.c.position)
            .where(steps.c.entry.in_(chunk))
            .order_by(steps.c.position)
        )
        for entry, leaf in connection.execute(about):
            yield entry, parse_leaf(leaf)


def ended(connection: Connection, size: int) -> set[int]:
    """The entries that are not in force after the first `size` records."""
    changed = select(steps.c.entry).where(steps.c.position < size)
    state = State()
    _fold(
        connection,
        state,
        added=leaves.c.position.in_(changed),
        stepped=steps.c.position < size,
    )
    return {index for index, entry in state.entries.items() if not entry.status.in_force}


def _fold(
    connection: Connection,
    state: State,
    *,
    added: ColumnElement[bool],
    stepped: ColumnElement[bool],
) -> None:
    """Fold the records that add some entries, then those about them: entries do not interact."""
    is_step = exists().where(steps.c.position == leaves.c.position)
    query = select(leaves.c.position, leaves.c.leaf).order_by(leaves.c.position)
    for wanted in (
        query.where(added, ~is_step),
        query.join(steps, steps.c.position == leaves.c.position).where(stepped),
    ):
        for position, leaf in connection.execute(wanted):
            state.size = position
            state.apply(leaf)


def erased_since(connection: Connection, size: int) -> bool:
    """Whether something was erased after the first `size` records."""
    later = (
        select(leaves.c.leaf)
        .join(steps, steps.c.position == leaves.c.position)
        .where(steps.c.position >= size)
    )
    return any(isinstance(parse_leaf(leaf), Erase) for leaf in connection.execute(later).scalars())


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values, as many at a time as one statement takes."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
