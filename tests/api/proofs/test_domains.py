"""A domain is proved by DNS or by a file, and each proof covers what is beneath it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from optout.api.proofs import (
    CannotAsk,
    Challenge,
    DnsResolver,
    Fetcher,
    NotFound,
    Proof,
    Proved,
    Unprovable,
    Unreachable,
    covering,
    covers,
    provable_domain,
    prove_by_file,
    prove_by_record,
    same_domain,
)
from optout.registry.cases import Method
from optout.registry.identifiers import Kind

from .servers import Names, Site, answer, holding, run, zone

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ANNA = Challenge("C-1", "anna.example", bytes(range(32)), NOW + timedelta(days=30))


def now() -> datetime:
    return NOW


def test_a_record_proves_on_a_real_name_server() -> None:
    other = f'{ANNA.record_name}. TXT "v=spf1"'
    value = ANNA.record_value
    cut = f'{ANNA.record_name}. TXT "{value[:20]}" "{value[20:]}"'
    with zone(holding(other, cut)) as server:
        resolver = DnsResolver(["127.0.0.1"], port=server.port, seconds=1)
        assert run(prove_by_record, ANNA, resolver, now) == Proved()


def test_what_dns_says_besides() -> None:
    names = Names()
    assert "no TXT record at _optout" in run(prove_by_record, ANNA, names, now).advice
    names.records[ANNA.record_name] = (b"token=other",)
    found = run(prove_by_record, ANNA, names, now)
    assert isinstance(found, NotFound)
    assert "are others" in found.advice
    names.records[ANNA.record_name] = (ANNA.record_value.encode(),)
    assert isinstance(run(prove_by_record, ANNA, names, now), Proved)
    assert isinstance(run(prove_by_record, ANNA, names, lambda: ANNA.expires), NotFound)


def test_dns_that_fails_says_nothing_about_the_person() -> None:
    class Away(Names):
        async def texts(self, name: str) -> tuple[bytes, ...]:
            raise CannotAsk(f"the name servers gave no answer about {name}", "Later.")

    found = run(prove_by_record, ANNA, Away(), now)
    assert isinstance(found, Unreachable)
    assert found.advice.endswith("Later.")


Fetching = Callable[..., Fetcher]
PLACE = f"anna.example/.well-known/optout-challenge/{ANNA.text}"


def test_a_file_proves(site: Site, fetching: Fetching) -> None:
    site.pages[PLACE] = answer(f"{ANNA.file_body}\n")
    assert run(prove_by_file, ANNA, fetching()) == Proved()
    site.pages[PLACE] = answer(status=301, Location=f"https://www.{PLACE}")
    site.pages[f"www.{PLACE}"] = answer(ANNA.file_body)
    assert run(prove_by_file, ANNA, fetching()) == Proved()


def test_a_file_of_another_case_proves_nothing(site: Site, fetching: Fetching) -> None:
    for body in (replace(ANNA, case_number="C-2").file_body, ANNA.text, "<html>not found"):
        site.pages[PLACE] = answer(body)
        found = run(prove_by_file, ANNA, fetching())
        assert isinstance(found, NotFound)
        assert "holds something else" in found.advice


@pytest.mark.parametrize(
    ("status", "result"), [(404, NotFound), (403, NotFound), (503, Unreachable), (429, Unreachable)]
)
def test_statuses(site: Site, fetching: Fetching, status: int, result: type) -> None:
    site.pages[PLACE] = answer(ANNA.file_body, status=status)
    found = run(prove_by_file, ANNA, fetching())
    assert isinstance(found, result)
    assert f"HTTP status {status}" in found.advice


def test_a_host_that_cannot_be_reached(fetching: Fetching) -> None:
    found = run(prove_by_file, ANNA, fetching(Names({"anna.example": [["10.0.0.1"]]})))
    assert isinstance(found, Unreachable)
    assert "not public" in found.advice


@pytest.mark.parametrize(
    "text",
    [
        "com",
        "co.uk",
        "github.io",
        "github.com",
        "tumblr.com",
        "192.0.2.1",
        "[2001:db8::1]",
        "",
        "a",
    ],
)
def test_names_of_many_people_and_numbers_are_not_proved(text: str, fetching: Fetching) -> None:
    with pytest.raises(Unprovable):
        provable_domain(text)
    with pytest.raises(Unprovable):
        run(prove_by_record, replace(ANNA, subject=text), Names(), now)
    with pytest.raises(Unprovable):
        run(prove_by_file, replace(ANNA, subject=text), fetching())


def test_a_subject_is_in_its_canonical_form() -> None:
    assert provable_domain("https://Bücher.Example/") == "xn--bcher-kva.example"
    with pytest.raises(Unprovable, match="is not written in its canonical form"):
        run(prove_by_record, replace(ANNA, subject="Anna.Example"), Names(), now)


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        ("anna.example", "anna.example", True),
        ("anna.example", "www.anna.example", True),
        ("a.anna.example", "b.anna.example", True),
        ("anna.example", "eve.example", False),
        ("anna.github.io", "eve.github.io", False),
        ("anna.co.uk", "eve.co.uk", False),
        ("192.0.2.1", "198.51.2.1", False),
    ],
)
def test_one_owner(here: str, there: str, same: bool) -> None:
    assert same_domain(here, there) is same


RECORD = Proof(Method.DNS, "anna.example")
FILE = Proof(Method.FILE, "anna.example")
ACCOUNT = Proof(Method.ACCOUNT, "github:anna")
SHARED = Proof(Method.DNS, "amazonaws.com")


@pytest.mark.parametrize(
    ("proof", "kind", "form", "covered"),
    [
        (RECORD, Kind.URL, "anna.example/a?b", True),
        (RECORD, Kind.URL, "anna.example:8080/", True),
        (RECORD, Kind.URL, "www.a.anna.example/", True),
        (RECORD, Kind.SITE, "anna.example", True),
        (RECORD, Kind.SITE, "www.anna.example", True),
        (RECORD, Kind.SITE, "example", False),
        (RECORD, Kind.PREFIX, "anna.example/gallery", True),
        (RECORD, Kind.URL, "eve-anna.example/", False),
        (RECORD, Kind.URL, "anna.example.eve.example/", False),
        (RECORD, Kind.URL, "eve.example/anna.example/", False),
        (RECORD, Kind.ACCOUNT, "mastodon:eve@anna.example", False),
        (RECORD, Kind.ACCOUNT, "bluesky:anna.example", False),
        (RECORD, Kind.TEXT, "anna.example", False),
        (SHARED, Kind.URL, "eve.s3.amazonaws.com/", False),
        (FILE, Kind.URL, "anna.example/a", True),
        (FILE, Kind.PREFIX, "anna.example/gallery", True),
        (FILE, Kind.URL, "anna.example:8080/a", False),
        (FILE, Kind.URL, "www.anna.example/a", False),
        (FILE, Kind.SITE, "anna.example", False),
        (ACCOUNT, Kind.ACCOUNT, "github:anna", True),
        (ACCOUNT, Kind.ACCOUNT, "gitlab:anna", False),
        (ACCOUNT, Kind.ACCOUNT, "github:annab", False),
        (ACCOUNT, Kind.URL, "github.com/Anna/paintings/blob/main/a.png", True),
        (ACCOUNT, Kind.URL, "anna.github.io/", True),
        (ACCOUNT, Kind.SITE, "anna.github.io", True),
        (ACCOUNT, Kind.PREFIX, "github.com/anna", True),
        (ACCOUNT, Kind.URL, "github.com/eve/anna", False),
        (ACCOUNT, Kind.URL, "anna.example/github.com/anna", False),
        (ACCOUNT, Kind.WORK, "github:anna", False),
    ],
)
def test_what_a_proof_covers(proof: Proof, kind: Kind, form: str, covered: bool) -> None:
    assert covers(proof, kind, form) is covered
    assert (proof.subject in covering(proof.method, kind, form)) is covered
