"""Sites: hosts that belong to one owner; never a suffix below which strangers live."""

from __future__ import annotations

import datetime
import re
from importlib.resources import files

import pytest
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import (
    PUBLIC_SUFFIX_DATE,
    Identifier,
    Kind,
    canonical,
    registrable_domain,
    url_keys,
)

LIST = files("publicsuffixlist")


def form(text: str) -> str | None:
    try:
        assert Identifier.site(text)
        return canonical(Kind.SITE, text)
    except IdentifierError:
        return None


def rules() -> list[str]:
    """Every rule of the list, its private section too."""
    text = (LIST / "public_suffix_list.dat").read_text(encoding="utf-8")
    lines = [line.split()[0] for line in text.splitlines() if line.strip()]
    return [line for line in lines if not line.startswith("//")]


def published_cases() -> list[tuple[str, str | None]]:
    """The list's own test data: a name, and the shortest site that it belongs to."""
    text = (LIST / "test_psl.txt").read_text(encoding="utf-8")
    found = re.findall(r"^checkPublicSuffix\('(.*)', (?:'(.*)'|null)\);", text, re.MULTILINE)
    return [(name, site or None) for name, site in found]


def test_a_site_has_the_form_that_the_table_says(site_vector) -> None:
    assert form(site_vector["text"]) == site_vector["canonical"]


def test_a_canonical_site_is_its_own(site_vector) -> None:
    if site_vector["canonical"] is not None:
        assert form(site_vector["canonical"]) == site_vector["canonical"]


def test_no_rule_of_the_list_can_be_registered() -> None:
    checked = 0
    for rule in rules():
        if rule.startswith("!"):
            assert form(rule[1:]) is not None
            continue
        host = rule.replace("*", "anna")
        with pytest.raises(IdentifierError, match="is a public suffix"):
            canonical(Kind.SITE, host)
        checked += 1
    assert checked > 9000


@pytest.mark.parametrize(("name", "site"), published_cases())
def test_the_published_cases_of_the_list_hold(name: str, site: str | None) -> None:
    if name.startswith(".") and name.count(".") > 1:
        assert form(name) is None  # an empty label: more than the list speaks of
    elif site is None:
        with pytest.raises(IdentifierError, match="suffix"):
            canonical(Kind.SITE, name)
    else:
        assert form(site) is not None
        keys = url_keys(f"https://{name}/a")
        assert keys is not None
        assert Identifier.site(site).digest in {key.digest for key in keys}


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("anna.example", "anna.example"),
        ("www.pictures.anna.co.uk", "anna.co.uk"),
        ("www.anna.github.io", "anna.github.io"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_a_host_belongs_to_what_can_be_registered(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


def test_the_list_says_its_date() -> None:
    day = datetime.date.fromisoformat(PUBLIC_SUFFIX_DATE)
    head = (LIST / "public_suffix_list.dat").read_text(encoding="utf-8")[:2000]
    assert f"// VERSION: {day:%Y-%m-%d}_" in head


@pytest.mark.parametrize(
    ("text", "told", "advice"),
    [
        (
            "https://GitHub.io/",
            "github.io is a public suffix, below which names belong to many people",
            "Give a name below it, such as anna.github.io.",
        ),
        (
            "com",
            "com is a public suffix, below which names belong to many people",
            "Give a name below it, such as anna.com.",
        ),
        (
            "https://anna.example/galerie",
            "'https://anna.example/galerie' is one address, not a whole site",
            "The site would be 'anna.example'; a page or picture is of the kind url.",
        ),
        (
            "*.anna.example",
            "'*.anna.example' is not the name of a site",
            "Give anna.example: a site covers everything below it.",
        ),
        (
            "a!b.example",
            "'a!b.example' is not the name of a site",
            "A site looks like anna.example.",
        ),
        (
            "my site",
            "'my site' is not a web address",
            "An address looks like https://anna.example/picture.jpg.",
        ),
    ],
)
def test_a_refusal_says_what_to_give_instead(text: str, told: str, advice: str) -> None:
    with pytest.raises(IdentifierError) as refusal:
        Identifier.site(text)
    assert (refusal.value.message, refusal.value.advice) == (told, advice)
