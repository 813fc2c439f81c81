"""A page of a stranger is fetched from where it was allowed, in bounds, or not at all."""

from __future__ import annotations

import gzip
import ssl
import time
from collections.abc import Callable
from functools import partial

import pytest
from optout.api.proofs import (
    CannotAsk,
    CannotFetch,
    Fetcher,
    FetchLimits,
    PageForbidden,
    same_domain,
)

from .servers import LOOPBACK, Names, Site, Wired, answer, run

HERE = "https://anna.example/file"
Fetching = Callable[..., Fetcher]


def test_a_page(site: Site, fetching: Fetching) -> None:
    site.pages["anna.example/file?a=b"] = answer("hello")
    page = run(fetching().fetch, f"{HERE}?a=b#c")
    assert (page.status, page.body, page.url) == (200, b"hello", f"{HERE}?a=b#c")
    head = site.asked[0].lower()
    assert head.startswith("get /file?a=b http/1.1\r\nhost: anna.example\r\nuser-agent: optout-")
    assert "accept-encoding: identity" in head
    assert "cookie" not in head
    assert site.names == ["anna.example"]


def test_other_statuses_are_told(site: Site, fetching: Fetching) -> None:
    assert run(fetching().fetch, HERE).status == 404


def test_the_connection_goes_to_the_address_that_was_checked(site: Site) -> None:
    """DNS says something else a moment later: nobody asks it again."""
    names = Names({"anna.example": [["127.0.0.1"], ["169.254.169.254"]]})
    wired = Wired(site.port)
    rule = partial(lambda one, other: one == other, LOOPBACK)
    fetcher = Fetcher(names, rule=rule, trust=site.trust, backend=wired)
    site.pages["anna.example/file"] = answer("hello")
    assert run(fetcher.fetch, HERE).body == b"hello"
    assert names.asked == ["anna.example"]
    assert wired.reached == ["127.0.0.1:443"]
    with pytest.raises(PageForbidden):
        run(fetcher.fetch, HERE)
    assert wired.reached == ["127.0.0.1:443"]


@pytest.mark.parametrize("found", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1"], ["::1"]])
def test_every_address_must_be_allowed(fetching: Fetching, found: list[str], site: Site) -> None:
    with pytest.raises(PageForbidden, match="has an address that is not public"):
        run(fetching(Names({"anna.example": [found]})).fetch, HERE)
    assert not site.asked


def test_this_machine_is_not_public(site: Site) -> None:
    wired = Wired(site.port)
    with pytest.raises(PageForbidden):
        run(Fetcher(Names(), backend=wired).fetch, HERE)
    assert not wired.reached


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://169.254.169.254/latest/meta-data", "not public"),
        ("https://0x7f.1.1/", "not public"),
        ("https://[::ffff:169.254.169.254]/", "not public"),
        ("https://[::1]/", "not public"),
        ("https://anna.example:22/", "asked for at port 22"),
        ("http://anna.example/", "not asked for over https alone"),
        ("file:///etc/passwd", "not asked for over https alone"),
        ("https://me:secret@anna.example/", "not asked for over https alone"),
        ("https://", "a page's address cannot be read"),
    ],
)
@pytest.mark.parametrize("redirected", [False, True])
def test_what_is_never_fetched(
    site: Site, fetching: Fetching, url: str, message: str, redirected: bool
) -> None:
    site.pages["anna.example/file"] = answer(status=302, Location=url)
    with pytest.raises(PageForbidden, match=message):
        run(fetching().fetch, HERE if redirected else url, lambda *_: True)
    assert len(site.asked) == redirected


def test_redirections_stay_on_the_host(site: Site, fetching: Fetching) -> None:
    site.pages["anna.example/file"] = answer(status=301, Location="/other")
    site.pages["anna.example/other"] = answer("hello")
    assert run(fetching().fetch, HERE).body == b"hello"
    site.pages["anna.example/file"] = answer(status=307, Location="//www.anna.example/x")
    site.pages["www.anna.example/x"] = answer("www")
    with pytest.raises(PageForbidden, match="leads to another host"):
        run(fetching().fetch, HERE)
    assert run(fetching().fetch, HERE, same_domain).body == b"www"
    site.pages["anna.example/file"] = answer(status=307, Location="https://api.example/")
    with pytest.raises(PageForbidden, match="leads to another host"):
        run(fetching().fetch, HERE, same_domain)


def test_three_redirections_at_most(site: Site, fetching: Fetching) -> None:
    site.pages["anna.example/file"] = answer(status=302, Location="/file")
    with pytest.raises(CannotFetch, match="from one address to the next"):
        run(fetching().fetch, HERE)
    assert len(site.asked) == 4


def test_a_host_without_address(fetching: Fetching) -> None:
    with pytest.raises(CannotFetch, match="has no address"):
        run(fetching(Names({"anna.example": [[]]})).fetch, HERE)


def test_dns_that_fails_is_told(fetching: Fetching) -> None:
    class Away(Names):
        async def addresses(self, host: str) -> tuple[object, ...]:
            raise CannotAsk(f"the name servers gave no answer about {host}", "Later.")

    with pytest.raises(CannotFetch, match="gave no answer about anna") as caught:
        run(fetching(Away()).fetch, HERE)
    assert caught.value.advice == "Later."


def test_nobody_listens(site: Site) -> None:
    fetcher = Fetcher(Names(), rule=lambda _: True, backend=Wired(1))
    with pytest.raises(CannotFetch, match="cannot be connected to"):
        run(fetcher.fetch, HERE)


def test_a_certificate_is_of_the_host_and_believed(site: Site, fetching: Fetching) -> None:
    with pytest.raises(CannotFetch, match=r"certificate of other.example is not valid"):
        run(fetching().fetch, "https://other.example/")
    fetcher = Fetcher(Names(), rule=lambda _: True, backend=Wired(site.port))
    with pytest.raises(CannotFetch, match=r"certificate of anna.example is not valid"):
        run(fetcher.fetch, HERE)


def endless(stream: ssl.SSLSocket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        stream.sendall(b"x" * 65536)


def endless_news(stream: ssl.SSLSocket) -> None:
    while True:
        stream.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 500)


def dripping(stream: ssl.SSLSocket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(40):
        stream.sendall(b"x")
        time.sleep(0.05)


HOSTILE = [
    (endless, "answers with more than 16 KiB"),
    (endless_news, "sends without end"),
    (dripping, "took longer than 0.4 seconds"),
    (answer(b"x" * 20_000), "answers with more than 16 KiB"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nshort", "broke off"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broke off"),
    (b"SSH-2.0-OpenSSH\r\n\r\n", "broke off"),
    (b"", "broke off"),
    (answer(gzip.compress(bytes(1 << 20)), Content_Encoding="gzip"), "answers compressed"),
    (answer(b"x", Content_Encoding="br"), "answers compressed"),
    (answer(b"x", X="y" * 40_000), "the head of what anna.example answers is larger"),
    (answer(b"x", X="y" * 300_000), "broke off"),
]


@pytest.mark.parametrize(("sent", "message"), HOSTILE)
def test_hostile_servers(site: Site, fetching: Fetching, sent: object, message: str) -> None:
    site.pages["anna.example/file"] = sent  # type: ignore[assignment]
    started = time.monotonic()
    with pytest.raises(CannotFetch, match=message) as caught:
        run(fetching(body=16 << 10, seconds=0.4).fetch, HERE)
    assert caught.value.advice
    assert time.monotonic() - started < 1.5


def test_the_next_address_is_tried(site: Site) -> None:
    names = Names({"anna.example": [["127.0.0.9", "127.0.0.1"]]})
    wired = Wired(site.port)
    site.pages["anna.example/file"] = answer("hello")
    fetcher = Fetcher(names, rule=lambda _: True, trust=site.trust, backend=wired)
    assert run(fetcher.fetch, HERE).body == b"hello"
    assert wired.reached == ["127.0.0.9:443", "127.0.0.1:443"]


def test_the_bounds_that_hold_by_themselves() -> None:
    limits = FetchLimits()
    assert (limits.body, limits.hops, limits.seconds) == (524_288, 3, 10.0)
