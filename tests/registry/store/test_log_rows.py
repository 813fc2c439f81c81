"""One entry folds without the others, and to the same as with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optout.registry.errors import LogFault, RegistryError, TransitionError
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import (
    Add,
    ByOperator,
    Dispute,
    Erase,
    GradeChange,
    Record,
    Restore,
    State,
    Withdraw,
)
from optout.registry.store import Store, locate, log_rows, tables
from optout.registry.store.log_rows import read_state
from sqlalchemy import Connection, update

DATE = "2026-11-24"
WHY = ByOperator("a test")


def record(op: int, entry: int) -> Record:
    if op == 0:
        return Add(Kind.URL, bytes(32), bytes(32), ("train-ai",), Grade.SELF, DATE)
    return (
        Withdraw(entry, WHY, DATE),
        Restore(entry, DATE),
        Erase(entry, WHY, DATE),
        Dispute(entry, DATE),
        GradeChange(entry, Grade.DOMAIN, DATE),
    )[op - 1]


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    opened = Store.open(locate(location))
    yield opened
    opened.close()


@contextmanager
def undone(store: Store) -> Iterator[Connection]:
    """A writer whose work leaves no trace."""
    with suppress(KeyboardInterrupt), store.writing() as connection:
        yield connection
        raise KeyboardInterrupt


@given(
    tried=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=40),
    asked=st.sets(st.integers(-3, 45)),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_some_entries_fold_as_in_the_whole_log(
    store: Store, tried: list[tuple[int, int]], asked: set[int]
) -> None:
    whole, accepted = State(), []
    for op, entry in tried:
        wanted = record(op, entry)
        try:
            whole.apply(wanted)
        except TransitionError:
            continue
        accepted.append(wanted)
    with undone(store) as connection:
        assert log_rows.append(connection, accepted) == range(len(accepted))
        some = read_state(connection, asked)
        assert some.size == whole.size
        assert some.entries == {i: e for i, e in whole.entries.items() if i in asked}
        assert log_rows.ended(connection, whole.size) == {
            index for index, entry in whole.entries.items() if not entry.status.in_force
        }


def test_the_position_of_a_later_record_is_no_entry(store: Store) -> None:
    with undone(store) as connection:
        log_rows.append(connection, [record(0, 0), record(1, 0)])
        assert read_state(connection, [1]).entries == {}
        with pytest.raises(TransitionError, match="no entry 1"):
            read_state(connection, [1]).check(record(1, 1))


@pytest.mark.parametrize("values", [{"nodes": b"short"}, {"size": 3}])
def test_a_tree_that_is_none_is_a_fault(store: Store, values: dict) -> None:
    with undone(store) as connection:
        connection.execute(update(tables.tree).values(**values))
        with pytest.raises(LogFault):
            log_rows.read_tree(connection)


def test_a_database_without_its_tree_is_told_of(store: Store) -> None:
    with undone(store) as connection:
        connection.execute(tables.tree.delete())
        with pytest.raises(RegistryError, match="lacks its tree"):
            log_rows.read_tree(connection)
