"""Figures of a snapshot, counted from its log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from optout.api.service.building import build_here
from optout.api.service.figures import Day, fold_by_day, read_figures
from optout.registry import Identifier, Registry
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import Add, ByOperator, Dispute, Erase, Restore, Status, Withdraw
from optout.registry.registry import Claim

ADD = Add(Kind.URL, bytes(32), bytes(32), ("train-ai",), Grade.SELF, "2026-11-01")
WHY = ByOperator("a reason")


def test_each_day_has_what_was_in_force_at_its_end() -> None:
    records = [
        ADD,
        replace(ADD, date="2026-11-02"),
        Dispute(0, proof=WHY, date="2026-11-02"),
        Withdraw(0, proof=WHY, date="2026-11-04"),
        Restore(0, proof=WHY, date="2026-11-05"),
        Erase(1, proof=WHY, date="2026-11-06"),
    ]
    state, days = fold_by_day(record.leaf() for record in records)
    assert state.size == 6
    assert [(day.date[-2:], day.in_force) for day in days] == [
        ("01", 1),
        ("02", 2),
        ("04", 1),
        ("05", 2),
        ("06", 1),
    ]


def test_a_clock_that_was_put_back_changes_no_day_that_is_over() -> None:
    later = replace(ADD, date="2026-11-03")
    _, days = fold_by_day(record.leaf() for record in [later, ADD])
    assert days == [Day("2026-11-03", 2)]


def test_a_log_without_records_has_no_days() -> None:
    state, days = fold_by_day([])
    assert (state.size, days) == (0, [])


def test_figures_are_laid_out_with_a_snapshot(
    new_registry: Callable[[], Path], tmp_path: Path
) -> None:
    with Registry.open(new_registry()) as registry:
        registry.add(
            [
                Claim(Identifier.url("https://anna.example/1"), grade=Grade.SELF),
                Claim(Identifier.url("https://anna.example/2"), grade=Grade.SELF),
                Claim(Identifier.site("anna.example"), grade=Grade.DOMAIN),
            ]
        )
        registry.withdraw([0])
        assert build_here(registry, tmp_path / "snapshot")
    figures = read_figures(tmp_path / "snapshot")
    assert sum(sum(grades.values()) for grades in figures.held.values()) == 2
    assert figures.by_status == {Status.IN_FORCE: 2, Status.WITHDRAWN: 1}
    assert figures.days[-1].in_force == 2
    assert figures.built.tzinfo is not None
