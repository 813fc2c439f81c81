"""What was held must have been allowed to be held, and what should have been held, was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from optout.filter import Policy
from optout.registry.identifiers import Identifier
from optout.registry.log import SigningKey

from .conftest import IMAGE, LOG_KEY, URL, Log, Run, detail, failed, told
from .forging import Forger, snapshot_facts

LINKS = "links.parquet"
HOLD_TWO = Policy(hold_rows=1, hold_share=0.001)
"""Entries of grade `self` are held from two rows on: the url, and the picture."""


@pytest.fixture(scope="session")
def held(filtered: Callable[..., Run]) -> Run:
    return filtered(HOLD_TWO)


def test_an_entry_that_was_held_rightly_is_said(held: Run) -> None:
    report = held.verify()
    assert told(report) == []
    said = detail(report, "held")
    assert "entry 0 (url, grade self) was held rightly: it meets 2 rows" in said
    assert "entry 2 (image, grade self) was held rightly: it meets 2 rows" in said
    assert "4 entries met a row; 2 of them held" in said
    assert "2 dropped" not in detail(report, "records")


def test_rows_that_a_held_entry_meets_are_counted_though_they_went(
    log: Log, filtered: Callable[..., Run], tmp_path
) -> None:
    more = log.copy()
    more.add(Identifier.site("anna.example"), "domain")
    run = filtered(HOLD_TWO, at=more.snapshot(tmp_path / "snapshot"))
    report = run.verify()
    assert told(report) == []
    assert "entry 0 (url, grade self) was held rightly: it meets 2 rows" in detail(report, "held")


def test_an_entry_that_meets_too_few_rows_must_not_be_held(run: Run, operator: SigningKey) -> None:
    forger = Forger(run, operator)
    matches = forger.matches(LINKS)
    matches = [m | {"verdict": "held"} if m["entry"] == URL else m for m in matches]
    forger.shard(LINKS, matches)
    forger.decide(held=[URL])
    forged = forger.seal()
    assert told(forged.verify(inputs=False)) == [
        "links.parquet row 7: entry 0 (url) was held, and may not be: its grade is self, and it "
        "meets 2 of 320 rows"
    ]
    fault = forged.verify().faults[0]
    assert (fault.shard, fault.row, fault.entry, fault.kind) == (LINKS, 7, URL, "url")


def test_a_decision_that_read_nothing_makes_no_share_large(run: Run, operator: SigningKey) -> None:
    """Held from 1% on and two rows: 2 of 320 are not, 2 of none would be."""
    forger = Forger(run, operator)
    matches = forger.matches(LINKS)
    matches = [m | {"verdict": "held"} if m["entry"] == URL else m for m in matches]
    forger.shard(LINKS, matches)
    policy = Policy(hold_rows=1, hold_share=0.01)
    forger.plan(policy=policy.to_dict())
    unseen = [LINKS, "deep/pictures.parquet"]
    entries = {"0": {"kind": "url", "grade": "self", "rows": 0}}
    forger.decide(held=[URL], rows=0, unseen=unseen, entries=entries)
    report = forger.seal().verify(inputs=False)
    assert any("entry 0 (url) was held, and may not be" in text for text in told(report))


def test_a_proven_entry_must_not_be_held(
    log: Log, held: Run, operator: SigningKey, tmp_path
) -> None:
    """The decision says `self`; the snapshot that the run used says otherwise."""
    forger = Forger(held.copy(tmp_path), operator)
    raised = log.copy()
    raised.leaves[URL] = raised.leaves[URL].replace(b'"grade":"self"', b'"grade":"domain"')
    snapshot = raised.snapshot(tmp_path / "snapshot")
    forger.plan(snapshot=snapshot_facts(snapshot))
    forged = forger.seal(checkpoint=snapshot.checkpoint)
    report = forged.verify(inputs=False, snapshot=snapshot)
    assert failed(report) == {"held"}
    assert told(report) == [
        "links.parquet row 7: entry 0 (url) was held, and may not be: its grade is domain, and it "
        "meets 2 of 320 rows",
        "the decision calls entry 0 self, and it was domain",
    ]


def test_rows_of_a_held_entry_that_the_matches_leave_out_are_found(
    held: Run, operator: SigningKey, tmp_path
) -> None:
    forger = Forger(held.copy(tmp_path), operator)
    forger.shard(LINKS, [m for m in forger.matches(LINKS) if m["row"] != 299])
    assert told(forger.seal().verify(inputs=False)) == [
        "links.parquet: entry 0 is held and meets 2 rows that stayed, and the matches name 1 or "
        "others",
        "entry 0 (url, grade self) is said to meet 1 row, and meets 2",
    ]


def test_an_entry_that_met_nothing_cannot_be_held(run: Run, operator: SigningKey) -> None:
    forger = Forger(run, operator)
    forger.decide(held=[5])
    assert "entry 5 is held, and met no row" in told(forger.seal().verify(inputs=False))


def test_an_entry_that_should_have_been_held_is_named(run: Run, operator: SigningKey) -> None:
    forger = Forger(run, operator)
    forger.plan(policy=HOLD_TWO.to_dict())
    assert told(forger.seal().verify(inputs=False)) == [
        "entry 0 (url, grade self) was obeyed for 2 rows, and should have been held",
        "entry 2 (image, grade self) was obeyed for 2 rows, and should have been held",
    ]


def test_an_operator_may_obey_what_would_be_held(filtered: Callable[..., Run]) -> None:
    obeyed = Policy(hold_rows=1, hold_share=0.001, obey=frozenset({URL, IMAGE}))
    report = filtered(obeyed).verify()
    assert told(report) == []
    assert "0 of them held" in detail(report, "held")


def test_a_held_entry_that_is_gone_since_is_said(held: Run, log: Log, tmp_path) -> None:
    later = log.copy()
    later.erase(URL)
    report = held.verify(snapshot=later.snapshot(tmp_path / "snapshot", LOG_KEY))
    assert told(report) == []
    assert "entry 0 (url, grade self) was held and is gone since" in detail(report, "held")
