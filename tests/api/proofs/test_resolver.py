"""What DNS says, what it does not say, and that nobody could be asked."""

from __future__ import annotations

import time

import dns.message
import dns.rcode
import pytest
from optout.api.proofs import CannotAsk, DnsResolver

from .servers import Reply, holding, run, zone

NAME = "_optout-challenge.anna.example"


def asked(reply: Reply, what: str = "texts", name: str = NAME) -> tuple[object, ...]:
    with zone(reply) as server:
        resolver = DnsResolver(["127.0.0.1"], port=server.port, seconds=0.5)
        return run(getattr(resolver, what), name)


def test_strings_of_a_record_are_joined_and_records_are_not() -> None:
    found = asked(holding(f'{NAME}. TXT "token=" "abc"', f'{NAME}. TXT "other"'))
    assert sorted(found) == [b"other", b"token=abc"]


def test_addresses_of_both_families() -> None:
    found = asked(
        holding("anna.example. A 192.0.2.1", "anna.example. AAAA 2001:db8::1"),
        "addresses",
        "anna.example",
    )
    assert list(map(str, found)) == ["192.0.2.1", "2001:db8::1"]


def test_aliases_are_followed() -> None:
    def reply(question: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(question)
        made.answer = [
            dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "proofs.example."),
            dns.rrset.from_text("proofs.example.", 60, "IN", "TXT", '"token=abc"'),
        ]
        return made

    assert asked(reply) == (b"token=abc",)


def test_what_is_not_there_is_an_answer() -> None:
    assert asked(holding()) == ()
    assert asked(holding(f"{NAME}. A 192.0.2.1")) == ()


def test_no_search_domain_is_tried() -> None:
    with zone(holding()) as server:
        resolver = DnsResolver(["127.0.0.1"], port=server.port, seconds=0.5)
        assert run(resolver.texts, "anna") == ()
    assert {each.split()[0] for each in server.asked} == {"anna."}


def test_a_long_answer_comes_by_tcp() -> None:
    record = '"' + "x" * 250 + '"'
    with zone(holding(*(f'{NAME}. TXT {record} "{n}"' for n in range(20)))) as server:
        resolver = DnsResolver(["127.0.0.1"], port=server.port, seconds=1)
        assert len(run(resolver.texts, NAME)) == 20
    assert server.by_tcp == 1


def test_a_huge_answer_is_not_looked_at() -> None:
    with pytest.raises(CannotAsk, match="has 200 records in DNS, more than are looked at"):
        asked(holding(*(f'{NAME}. TXT "{n}"' for n in range(200))))


def refusing(code: dns.rcode.Rcode) -> Reply:
    def reply(question: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(question)
        made.set_rcode(code)
        return made

    return reply


def looping(question: dns.message.Message) -> dns.message.Message:
    made = dns.message.make_response(question)
    made.answer = [
        dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "other.example."),
        dns.rrset.from_text("other.example.", 60, "IN", "CNAME", f"{NAME}."),
    ]
    return made


@pytest.mark.parametrize(
    "reply",
    [
        refusing(dns.rcode.SERVFAIL),
        refusing(dns.rcode.REFUSED),
        looping,
        lambda _: None,
        lambda _: b"\x00\x01garbage",
    ],
)
def test_nobody_could_be_asked(reply: Reply) -> None:
    started = time.monotonic()
    with pytest.raises(CannotAsk, match=r"gave no answer about _optout-challenge.anna.example"):
        asked(reply)
    assert time.monotonic() - started < 1.8


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", ".".join(["abc"] * 80)])
def test_names_that_dns_cannot_hold(name: str) -> None:
    with pytest.raises(CannotAsk, match="gave no answer about"):
        asked(holding(), name=name)


def test_name_servers_are_given_by_address() -> None:
    with pytest.raises(CannotAsk, match="no name servers are known that could be asked"):
        run(DnsResolver(["not an address"]).texts, "anna.example")
