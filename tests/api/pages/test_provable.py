"""What pages offer to prove: each site once, and nothing that is shared by many people."""

from __future__ import annotations

import pytest
from optout.api.pages.provable import SHARED, Subject, subjects_of
from optout.api.service import ways_of
from optout.registry.cases import Case, CaseEntry, Method
from optout.registry.identifiers import Grade, Kind, canonical
from optout.registry.log import Status


def subjects(*given: tuple[Kind, str]) -> list[Subject]:
    usage = ("train-ai",)
    entries = [
        CaseEntry(index, kind, shown, Status.IN_FORCE, Grade.SELF, usage, "2026-03-02")
        for index, (kind, shown) in enumerate(given)
    ]
    case = Case("K7WQ-2MZD", "2026-03-02", entries)
    return subjects_of(case, ways_of(case))


def test_a_domain_is_offered_once_with_all_hosts_below_it() -> None:
    (one,) = subjects(
        (Kind.URL, "https://www.anna.example/a"),
        (Kind.URL, "https://anna.example/a"),
        (Kind.SITE, "shop.anna.example"),
    )
    assert (one.name, one.items) == ("anna.example", [0, 1, 2])
    assert [(way.method, way.subject) for way in one.ways] == [
        (Method.DNS, "anna.example"),
        (Method.FILE, "anna.example"),
        (Method.FILE, "www.anna.example"),
    ]
    assert one.is_named("www.anna.example")
    assert not one.is_named("shop.anna.example")


def test_domains_of_different_owners_stay_apart() -> None:
    found = subjects(
        (Kind.URL, "https://anna.github.io/a"),
        (Kind.URL, "https://bob.github.io/a"),
    )
    sites = [one.name for one in found if not one.is_account]
    assert sites == ["anna.github.io", "bob.github.io"]


@pytest.mark.parametrize(
    "address",
    [
        "https://en.wikipedia.org/wiki/Anna",
        "https://wikipedia.org/wiki/Anna",
        "https://anna.smugmug.com/a",
        "https://www.youtube.com/watch?v=1",
        "https://staticflickr.com/1/a.jpg",
    ],
)
def test_what_many_people_share_is_nobodys_to_prove(address: str) -> None:
    assert not [one for one in subjects((Kind.URL, address)) if not one.is_account]


def test_for_an_account_on_a_platform_the_account_is_offered() -> None:
    (one,) = subjects((Kind.URL, "https://github.com/anna/paintings"))
    assert (one.name, one.is_account) == ("github:anna", True)


def test_what_is_shared_is_written_as_it_is_compared() -> None:
    for name in SHARED:
        assert canonical(Kind.SITE, name) == name
