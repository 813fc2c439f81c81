"""Addresses, sites and prefixes that were opted out: their disguises, and what only looks so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from urllib.parse import quote

UNRESERVED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~"


def mixed_case(text: str, random: Random) -> str:
    return "".join(random.choice((c.lower(), c.upper())) for c in text)


@dataclass(frozen=True)
class Link:
    """An address in its parts, all of them plain: nothing is escaped yet."""

    host: str
    path: tuple[str, ...]
    query: str = ""
    port: str = ""

    @property
    def ascii_host(self) -> str:
        return self.host.encode("idna").decode()

    def __str__(self) -> str:
        path = "/".join(quote(part, safe="~!$&'()*+,;=:@") for part in self.path)
        return f"https://{self.ascii_host}{self.port}/{path}" + (self.query and f"?{self.query}")


def disguised(link: Link, random: Random) -> str:
    """The same resource, written as people, crawlers and attackers write it."""
    start = random.choice(
        ("http://", "https://", "https://", "HTTP://", "Https://", "//", "", "https:\\\\", "http:/")
    )
    bare = start == ""
    user = "" if bare else random.choice(("", "", "", "me@", "me:s3cret@"))
    ports = ("", "") if bare else ("", "", ":", ":80", ":443", ":0443")
    port = link.port or random.choice(ports)
    text = f"{start}{user}{_host(link, random)}{port}/{_path(link.path, random)}"
    if link.query:
        text += f"?{_escaped(link.query, random, 0.03)}"
    text += random.choice(("", "", "#", "#top", "#/a?b"))
    if not bare and random.random() < 0.1:
        text = f" \n{text}\t "
    return text


def _host(link: Link, random: Random) -> str:
    host = random.choice((link.host, link.ascii_host))
    host = mixed_case(host, random) if random.random() < 0.5 else host
    if host.isascii() and random.random() < 0.1:
        host = f"%{ord(host[0]):02x}{host[1:]}"
    if not host.isascii() and random.random() < 0.3:
        host = host.replace(".", "\u3002")
    return host + random.choice(("", "", "", "."))


def _path(parts: tuple[str, ...], random: Random) -> str:
    written = []
    for part in parts:
        if random.random() < 0.15:
            written.append(random.choice((".", "%2e", "x/..", "x/%2E%2e", "a/b/../..")))
        written.append(_escaped(part, random, 0.05))
    return random.choice(("/", "/", "/", "/", "\\")).join(written)


def _escaped(text: str, random: Random, share: float) -> str:
    """Some characters escaped that need not be, the others as anybody may write them."""
    written = []
    for character in text:
        if character in UNRESERVED and random.random() < share:
            written.append(random.choice(("%{:02x}", "%{:02X}")).format(ord(character)))
        elif not character.isascii():
            raw = quote(character)
            written.append(random.choice((character, raw, raw.lower())))
        elif character == " ":
            written.append(random.choice((" ", "%20")))
        else:
            written.append(character)
    return "".join(written)


class Addresses:
    """Single resources."""

    kind = "url"

    def __init__(self, many: int) -> None:
        self.links = [
            Link(
                f"{('photos', 'bücher', 'fotos-ã')[i % 3]}{i}.link.example",
                ("2024", f"Bild {i}.jpg") if i % 2 else ("año", "x", f"the_{i}-th~picture.png"),
                f"size=large&id={i}" if i % 4 == 0 else "",
                ":8080" if i % 5 == 0 else "",
            )
            for i in range(many)
        ]

    def registered(self) -> list[str]:
        return [str(link) for link in self.links]

    def disguise(self, random: Random) -> str:
        return disguised(random.choice(self.links), random)

    def near_miss(self, random: Random) -> str:
        link = random.choice(self.links)
        plain, last = str(link), link.path[-1]
        other_query = f"{link.query}&x=1" if link.query else "x=1"
        return random.choice(
            (
                str(replace(link, host=f"www.{link.host}")),
                str(replace(link, host=f"{link.host}.org")),
                str(replace(link, path=(*link.path[:-1], last.swapcase()))),
                str(replace(link, query=other_query)),
                str(replace(link, path=(*link.path, ""))),
                str(replace(link, path=link.path[:-1])),
                str(replace(link, port=":8443")),
                plain.replace(link.path[-2] if link.path[-2].isascii() else "/x/", "a%2Fb"),
                plain.replace("https://", "ftp://"),
                f"see {plain} for more",
                plain.replace("_", "%255F").replace("%20", "+"),
                f"https://other.example/{link.ascii_host}/{last.replace(' ', '%20')}",
                f"https://other.example/?u={plain}",
            )
        )


class Sites:
    """Hosts and all below them."""

    kind = "site"

    def __init__(self, many: int) -> None:
        names = ("atelier{}.example", "café{}.example", "studio.anna{}.example", "a{}.invalid")
        self.hosts = [names[i % len(names)].format(i) for i in range(many)]

    def registered(self) -> list[str]:
        return [host.encode("idna").decode() for host in self.hosts]

    def disguise(self, random: Random) -> str:
        host = random.choice(self.hosts)
        below = random.choice(("", "", "www.", "shop.", "a.b.c.d."))
        path = random.choice(((), ("x",), ("page", "ä b.html"), ("a", "")))
        port = random.choice(("", "", ":8443"))
        return disguised(Link(below + host, path, random.choice(("", "q=1")), port), random)

    def near_miss(self, random: Random) -> str:
        host = random.choice(self.hosts).encode("idna").decode()
        return random.choice(
            (
                f"https://not{host.removeprefix('xn--')}/",
                f"https://{host}.org/a",
                f"https://{host}@other.example/",
                f"https://other.example/{host}",
                f"https://other.example/?site=https://{host}/",
                f"https://other.example/#https://{host}/",
                f"ftp://{host}/a",
                f"mailto:anna@{host}",
                f"https://{host.partition('.')[2]}/" if host.count(".") > 1 else "https://example/",
                f"https://{host.replace('.', '-')}.other.example/",
            )
        )


class Prefixes:
    """Galleries and account pages: one host, one path and all below it."""

    kind = "prefix"

    def __init__(self, many: int) -> None:
        self.links = [
            Link(
                f"{('galerie', 'кино')[i % 2]}{i % 7}.prefix.example",
                (("users",), ("~home", "läden"))[i % 2] + (f"Anna {i}" if i % 3 else f"anna-{i}",),
                port=":8443" if i % 5 == 0 else "",
            )
            for i in range(many)
        ]

    def registered(self) -> list[str]:
        return [str(link) + "/" * (i % 2) for i, link in enumerate(self.links)]

    def disguise(self, random: Random) -> str:
        link = random.choice(self.links)
        below = random.choice(
            ((), ("",), ("", ""), ("1.jpg",), ("b c", "ü"), tuple("abcdefghijklmnopqrst"))
        )
        query = random.choice(("", "", "page=2", "a=/../.."))
        return disguised(replace(link, path=link.path + below, query=query), random)

    def near_miss(self, random: Random) -> str:
        link = random.choice(self.links)
        *above, last = link.path
        return random.choice(
            (
                str(replace(link, path=(*above, f"{last}x"))),
                str(replace(link, path=(*above, last.swapcase()))),
                str(replace(link, path=(*above, last[:-1] + "x"))),
                str(replace(link, path=tuple(above))),
                str(replace(link, path=(*above, "other", last))),
                str(replace(link, host=f"www.{link.host}")),
                str(replace(link, port=":8080")),
                f"{link}/../other",
                f"{link}%2Fbelow",
                str(replace(link, path=("q",), query="/".join(link.path).replace(" ", "+"))),
                str(replace(link, path=("x", *link.path))),
            )
        )
