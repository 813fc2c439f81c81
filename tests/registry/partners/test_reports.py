"""Reports of what a corpus left out are held against the log, kept, and shown as a claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, Wish
from optout.registry.errors import UsageError
from optout.registry.log import SigningKey
from optout.registry.partners import Exclusion, Partner, Purpose, Report
from optout.registry.registry import Claim

from tests.registry.cases.conftest import CODE, NOW

VERIFIER = str(SigningKey.generate("harbour.example").verifier)


@pytest.fixture
def partner(registry: Registry) -> Partner:
    return registry.partners.make("Harbour Models", Purpose.REPORT, verifier=VERIFIER)[0]


@pytest.fixture
def report(registry: Registry) -> Report:
    """About a log of two entries, which has grown since: entry 0 was withdrawn in record 2."""
    registry.add([Claim(Identifier.url(f"https://anna.example/{n}.jpg")) for n in range(2)])
    size, root = registry.size, registry.root().hex()
    registry.withdraw([0])
    return Report(
        "Harbours", "2026-11-24", registry.origin, size, root, {0: 3, 1: 40}, b"as it was signed"
    )


def shown(registry: Registry) -> dict[int, list[tuple[str, int]]]:
    told = registry.reports.reports_of([0, 1, 2])
    return {entry: [(one.corpus, one.rows) for one in claims] for entry, claims in told.items()}


def test_a_report_is_shown_by_entry_as_a_claim(
    registry: Registry, partner: Partner, report: Report
) -> None:
    assert registry.reports.keep(partner, report) == (0, True)
    assert registry.reports.reports_of([1, 2]) == {
        1: [Exclusion("Harbour Models", "Harbours", "2026-11-24", 40)]
    }
    assert registry.reports.envelope(0) == b"as it was signed"
    assert registry.reports.envelope(1) is None


def test_the_same_report_twice_changes_nothing(
    registry: Registry, partner: Partner, report: Report
) -> None:
    assert registry.reports.keep(partner, report) == (0, True)
    assert registry.reports.keep(partner, report) == (0, False)
    assert len(registry.reports.page(-1, 10)) == 1


def test_a_newer_report_replaces_what_is_shown_of_its_corpus(
    registry: Registry, partner: Partner, report: Report
) -> None:
    other, _ = registry.partners.make("Harbour Models", Purpose.REPORT, verifier=VERIFIER)
    for by, one in (
        (partner, report),
        (partner, replace(report, corpus="Gulls", envelope=b"2")),
        (other, replace(report, rows={1: 7}, date="2026-11-25", envelope=b"3")),
        (partner, replace(report, rows={0: 99}, date="2026-11-23", envelope=b"4")),
    ):
        registry.reports.keep(by, one)
    assert shown(registry) == {0: [("Gulls", 3)], 1: [("Gulls", 40), ("Harbours", 7)]}
    listed = registry.reports.page(-1, 10)
    assert [one.is_newest for one in listed] == [False, True, True, False]
    assert [one.number for one in registry.reports.page(1, 1)] == [2]


def test_two_partners_do_not_replace_each_other(
    registry: Registry, partner: Partner, report: Report
) -> None:
    other, _ = registry.partners.make("Sea Models", Purpose.REPORT, verifier=VERIFIER)
    registry.reports.keep(partner, report)
    registry.reports.keep(other, replace(report, rows={1: 5}, envelope=b"2"))
    assert shown(registry)[1] == [("Harbours", 40), ("Harbours", 5)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"origin": "elsewhere.example"}, "about the log 'elsewhere.example', not "),
        ({"size": 4}, "about a log that was never this one"),
        ({"root": "00" * 32}, "about a log that was never this one"),
        ({"size": 1}, "about a log that was never this one"),
        ({"rows": {1: 1 << 63}}, "counts more rows than a corpus can have"),
        ({"rows": {1: 1, 2: 1}}, "names entries that its log did not have"),
        ({"rows": {-1: 1}}, "names entries that its log did not have"),
        ({"rows": {0: 1, 1: 0}}, "names entries that took nothing out"),
    ],
)
def test_what_is_not_about_this_log_is_refused(
    registry: Registry, partner: Partner, report: Report, change: dict[str, object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        registry.reports.keep(partner, replace(report, **change))  # type: ignore[arg-type]
    assert registry.reports.page(-1, 10) == []


def test_a_record_that_is_no_entry_took_nothing_out(
    registry: Registry, partner: Partner, report: Report
) -> None:
    wrong = replace(report, size=3, root=registry.root().hex(), rows={2: 1})
    with pytest.raises(UsageError, match="records of the log that are no entries"):
        registry.reports.keep(partner, wrong)


def test_a_root_that_was_computed_leads_to_later_ones(
    registry: Registry, partner: Partner, report: Report
) -> None:
    registry.reports.keep(partner, report)
    for number in range(40):
        registry.add([Claim(Identifier.site(f"gallery{number}.example"))])
        later = replace(
            report,
            size=registry.size,
            root=registry.root().hex(),
            date="2026-11-25",
            envelope=str(number).encode(),
        )
        assert registry.reports.keep(partner, later) == (number + 1, True)
    assert registry.reports.keep(partner, replace(report, envelope=b"again"))[1]


@pytest.fixture
def anna(registry: Registry) -> list[int]:
    """The entries of a case that hears of everything; another case is silent."""
    items = [CaseItem(Identifier.site(f"{name}.anna.example"), name) for name in ("a", "b", "c")]
    for address in ("", "anna@mail.example"):
        case = registry.cases.open_case(items)
        key = (case.number, case.secret)
        if address:
            registry.contacts.put(*key, address, CODE, language="fr", wishes=Wish)
            registry.contacts.confirm(*key, lambda contact: (True, contact.code), NOW)
    (confirmed,) = registry.news.take(NOW)
    registry.news.sent(confirmed.id)
    return [entry.index for entry in case.entries]


def about(registry: Registry, corpus: str, date: str, rows: dict[int, int]) -> Report:
    root = registry.root().hex()
    return Report(
        corpus, date, registry.origin, registry.size, root, rows, f"{corpus}{date}{rows}".encode()
    )


def test_a_case_hears_once_that_a_corpus_left_out_something_of_it(
    registry: Registry, partner: Partner, anna: list[int]
) -> None:
    def heard(report: Report) -> list[dict[str, str]]:
        registry.reports.keep(partner, report, NOW)
        letters = registry.news.take(NOW)
        for letter in letters:
            assert letter.wish is Wish.EXCLUDED
            registry.news.sent(letter.id)
        return [dict(letter.values) for letter in letters]

    a, b, c = anna
    first = about(registry, "Harbours", "2026-11-24", {0: 9, a: 3, b: 40})
    told = {"partner": "Harbour Models", "corpus": "Harbours", "items": "2"}
    assert heard(first) == [told]
    assert heard(first) == []
    assert heard(about(registry, "Harbours", "2026-11-25", {a: 3, b: 40, c: 1})) == []
    assert heard(about(registry, "Harbours", "2026-11-23", {c: 1})) == [], "an older one"
    assert heard(about(registry, "Gulls", "2026-11-24", {c: 1})) == [
        {**told, "corpus": "Gulls", "items": "1"}
    ]
    # Left out of a report, and named by the next.
    assert heard(about(registry, "Harbours", "2026-11-26", {0: 1})) == []
    assert heard(about(registry, "Harbours", "2026-11-27", {c: 1})) == [{**told, "items": "1"}]


def test_a_report_tells_nothing_of_what_was_erased(
    registry: Registry, partner: Partner, anna: list[int]
) -> None:
    report = about(registry, "Harbours", "2026-11-24", {anna[0]: 3, anna[1]: 1})
    registry.erase(anna[:1])
    registry.reports.keep(partner, report)
    (letter,) = registry.news.due(datetime.now(UTC))
    assert letter.values["items"] == "1"
