"""Entries are held by what they meet in the whole corpus, and the decision is frozen."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from optout.filter.errors import EvidenceError
from optout.filter.judge import Policy
from optout.filter.judge.findings import ENTRY_ROWS
from optout.filter.run.decide import Decision, EntryCount, Tally
from optout.filter.run.report import Held
from optout.filter.run.scan import ScanSummary
from optout.registry import documents
from optout.registry.identifiers import Grade, Kind

PLAN = "11" * 32
SITE = (Kind.SITE.code, Grade.SELF.rank)
PROVEN = (Kind.SITE.code, Grade.DOMAIN.rank)


def decided(*scans: dict[int, tuple[int, int, int]], rows: int = 500_000, **policy) -> Decision:
    tally = Tally()
    for number, entries in enumerate(scans):
        met = np.array([(entry, *facts) for entry, facts in sorted(entries.items())], ENTRY_ROWS)
        tally.add(ScanSummary(f"{number}.parquet", rows, met))
    return tally.decide(PLAN, Policy(**policy), ["b.parquet", "a.parquet"])


def test_what_an_entry_meets_is_added_up_over_all_shards() -> None:
    decision = decided({7: (*SITE, 600), 3: (*PROVEN, 5000)}, {7: (*SITE, 500)})
    assert decision.rows == 1_000_000
    assert decision.entries == {
        3: EntryCount("site", "domain", 5000),
        7: EntryCount("site", "self", 1100),
    }
    assert decision.held == {7}
    assert decision.unseen == ("a.parquet", "b.parquet")
    assert decision.reports() == [Held(7, "site", "self", 1100, 0.0011)]


def test_a_corpus_of_many_shards_is_added_up_to_the_same() -> None:
    drawn = np.random.default_rng(3).integers(0, 70_000, (9, 30_000))
    scans = [{int(entry): (*PROVEN, 2) for entry in some} for some in drawn]
    decision = decided(*scans)
    every, shards = np.unique(np.concatenate([[*scan] for scan in scans]), return_counts=True)
    assert {entry: known.rows for entry, known in decision.entries.items()} == dict(
        zip(every.tolist(), (2 * shards).tolist(), strict=True)
    )
    assert list(decision.entries) == sorted(decision.entries)


def test_an_entry_that_the_operator_obeys_is_not_held() -> None:
    assert decided({7: (*SITE, 5000)}).held == {7}
    assert decided({7: (*SITE, 5000)}, obey=frozenset({7})).held == frozenset()


def test_an_empty_corpus_holds_nothing() -> None:
    decision = decided()
    assert (decision.rows, decision.held, decision.reports()) == (0, frozenset(), [])


def test_a_decision_is_read_back() -> None:
    decision = decided({7: (*SITE, 5000), 3: (*PROVEN, 1)})
    again = Decision.parse(decision.render(), "decision.json")
    assert again == decision
    assert again.digest == hashlib.sha256(decision.render()).hexdigest()


def test_the_order_of_shards_changes_no_byte() -> None:
    one, two = {7: (*SITE, 600), 3: (*PROVEN, 1)}, {3: (*PROVEN, 2), 9: (*SITE, 1)}
    assert decided(one, two).render() == decided(two, one).render()


def test_any_changed_byte_is_noticed() -> None:
    data = decided({7: (*SITE, 5000)}).render()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(EvidenceError, match=r"decision\.json"):
            Decision.parse(bytes(changed), "decision.json")


@pytest.mark.parametrize(
    "change",
    [
        {"entries": []},
        {"entries": {"x": {}}},
        {"entries": {"1": {"kind": "url"}}},
        {"held": 3},
        {"format": "optout/v2/decision"},
    ],
)
def test_a_sealed_decision_of_another_shape_is_refused(change: dict) -> None:
    body = documents.parse(decided().render(), "decision") | change
    del body["seal"]
    seal = hashlib.sha256(documents.render(body)).hexdigest()
    with pytest.raises(EvidenceError):
        Decision.parse(documents.render({**body, "seal": seal}), "decision.json")
