"""Partners have keys; each opens one thing, until it is ended."""

from __future__ import annotations

import datetime

import pytest
from optout.registry import Registry
from optout.registry.errors import RegistryError, UsageError
from optout.registry.log import SigningKey
from optout.registry.partners import ApiKey, Partners, Purpose

LONG = str(SigningKey.generate("a" * 350).verifier)


class Days:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.day = 1

    def __call__(self) -> datetime.datetime:
        return datetime.datetime(2026, 11, self.day, tzinfo=datetime.UTC)


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def partners(registry: Registry, days: Days) -> Partners:
    return Partners(registry._store, days)


def test_a_key_is_known_again_and_its_use_is_kept_by_day(partners: Partners, days: Days) -> None:
    made, key = partners.make(" Harbour Models ", Purpose.READ)
    assert (made.name, made.purpose, made.made, made.used) == (
        "Harbour Models",
        Purpose.READ,
        "2026-11-01",
        "",
    )
    for days.day in (3, 4, 2):
        found = partners.find(key.text)
        assert found is not None
        assert found.id == made.id
    assert [one.used for one in partners.all()] == ["2026-11-04"]


def test_the_database_holds_no_key(partners: Partners, registry: Registry) -> None:
    made, key = partners.make("Harbour Models", Purpose.READ)
    with registry._store.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM partners").all()
    assert key.text not in repr(rows)
    assert key.text not in repr(made)


def test_what_is_no_key_or_nobodys_opens_nothing(partners: Partners) -> None:
    _, key = partners.make("Harbour Models", Purpose.READ)
    for text in ("", "x", "é", key.text[:-1], ApiKey.make(Purpose.READ).text):
        assert partners.find(text) is None


def test_a_key_that_has_ended_opens_nothing_and_stays_in_the_list(
    partners: Partners, days: Days
) -> None:
    made, key = partners.make("Harbour Models", Purpose.READ)
    partners.end(made.id)
    days.day = 9
    partners.end(made.id)
    assert partners.find(key.text) is None
    assert [one.ended for one in partners.all()] == ["2026-11-01"]


def test_only_what_is_there_is_ended(partners: Partners) -> None:
    with pytest.raises(UsageError, match="there is no key '0123'"):
        partners.end("0123")


def test_a_key_opens_where_its_use_cannot_be_kept(
    partners: Partners, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = partners.make("Harbour Models", Purpose.READ)

    def full() -> None:
        raise RegistryError("the disk is full")

    monkeypatch.setattr(registry._store, "writing", full)
    assert partners.find(key.text) is not None


def test_a_domain_and_a_verifier_are_kept_in_their_own_form(partners: Partners) -> None:
    verifier = str(SigningKey.generate("harbour.example").verifier)
    made, _ = partners.make("Museum", Purpose.UPLOAD, domain="Museum.Example.")
    assert made.domain == "museum.example"
    made, _ = partners.make("Harbour Models", Purpose.REPORT, verifier=verifier)
    assert made.verifier == verifier


@pytest.mark.parametrize(
    ("name", "purpose", "more", "says"),
    [
        ("", Purpose.READ, {}, "cannot be the name of a partner"),
        ("a" * 101, Purpose.READ, {}, "cannot be the name of a partner"),
        ("a\nb", Purpose.READ, {}, "cannot be the name of a partner"),
        ("a\u202eb", Purpose.READ, {}, "cannot be the name of a partner"),
        ("a", Purpose.READ, {"domain": "a.example"}, "a domain belongs to a key for uploads"),
        ("a", Purpose.UPLOAD, {"domain": "co.uk"}, "public suffix|co.uk"),
        ("a", Purpose.READ, {"verifier": "x"}, "a verifier key belongs to a key for reports"),
        ("a", Purpose.REPORT, {}, "a verifier key belongs to a key for reports"),
        ("a", Purpose.REPORT, {"verifier": "x"}, "verifier key"),
        ("a", Purpose.REPORT, {"verifier": LONG}, "at most 400 characters"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    partners: Partners, name: str, purpose: Purpose, more: dict[str, str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        partners.make(name, purpose, **more)
    assert partners.all() == []
