"""The canonical form of a web address: the reference that every faster form is held against.

    http://Me@Anna.Example.:80/a/../%7eb%c3%b6?q=%41#top   is   anna.example/~b%C3%B6?q=A

An address is read as the WHATWG URL standard says (https://url.spec.whatwg.org/#url-parsing), by
the library ada. What the standard leaves open is settled here:

* the scheme is dropped, and with it ports 80 and 443: `http` and `https` name one resource, and
  once the scheme is gone nothing says for which of the two a port was the usual one;
* user name, password, fragment and an empty query are dropped;
* dots at the end of a host are dropped: it is the same name without them (RFC 1034, 3.1);
* escapes of unreserved characters are decoded, the others written in upper case (RFC 3986, 6.2.2);
* characters that the standard lets through in a path or query and RFC 3986 does not (3.3 and 3.4),
  such as the brackets of `?id[]=1`, are escaped: programs and browsers write them either way;
* `//host/path` and `host/path` are read as if `http:` or `http://` stood before them.

Query, slash at the end, `www.`, and the case of path and query are kept.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ada_url import normalize_url
from optout.registry.errors import IdentifierError

CANONICALISER_VERSION = 1
"""Rises with any change by which a value gets another canonical form."""

_SPACE = "".join(map(chr, range(0x21)))
_TABS_AND_LINE_ENDS = dict.fromkeys(map(ord, "\t\n\r"))
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?![0-9]+(?:[/\\?#]|\Z))", re.IGNORECASE | re.ASCII)
_SLASHES = re.compile(r"[/\\]{0,2}")
_AUTHORITY = re.compile(r"[^/\\?#]*")

# First an escape to decode, then one to write in upper case. Behind a stray percent sign nothing
# is decoded: `%%32e` would become the escape `%2e`, and mean something else when read again.
_ESCAPE = re.compile(
    r"(?<!%)(?<!%[0-9A-Fa-f])%(2[dDeE]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[fF]|7[eE])"
    r"|%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f])"
)

_STRAY = re.compile(r"[\[\\\]^`{|}]")
_STRAY_ESCAPES = {ord(character): f"%{ord(character):02X}" for character in "[\\]^`{|}"}


class Address(NamedTuple):
    """A web address in canonical form, in its parts.

    Attributes:
        host: lower case, in punycode, without a dot at the end; an IPv6 address in brackets.
        port: a colon and the port, or nothing.
        target: path and query, at least `/`.
    """

    host: str
    port: str
    target: str

    def __str__(self) -> str:
        return f"{self.host}{self.port}{self.target}"


def is_numeric(host: str) -> bool:
    """Whether a host in canonical form is an IP address."""
    # The standard takes no other host whose last label is a number.
    return host[0] == "[" or (host[-1].isdigit() and _is_quad(host))


def _is_quad(host: str) -> bool:
    return host.count(".") == 3 and host.replace(".", "").isdigit()


def read_address(text: str) -> Address | None:
    """Read a value of a corpus as a web address.

    Args:
        text: anything at all.

    Returns:
        the address, or None where the value is none that `http` or `https` reaches.
    """
    try:
        if text.startswith(("https://", "http://")):
            return _split(normalize_url(text))
        return _read_loose(text.translate(_TABS_AND_LINE_ENDS).strip(_SPACE))
    except ValueError:  # the standard refuses it, or it holds half a surrogate pair
        return None


def address_of(text: str) -> Address:
    """Read a value that somebody wants to register.

    Raises:
        IdentifierError: it is no http or https address.
    """
    address = read_address(text)
    if address is not None:
        return address
    advice = "An address looks like https://anna.example/picture.jpg."
    shown = text[:1000].strip()
    scheme = _SCHEME.match(shown)
    if not shown:
        raise IdentifierError("the address is empty", advice)
    if scheme is not None and scheme[1].lower() not in {"http", "https"}:
        raise IdentifierError(f"{quoted(shown)} is not an http or https address", advice)
    raise IdentifierError(f"{quoted(shown)} is not a web address", advice)


def quoted(text: str, most: int = 100) -> str:
    """A value as a message names it: in quotes, on one line, cut where it is long."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def _read_loose(text: str) -> Address | None:
    """Read what does not begin plainly with `http://` or `https://`."""
    scheme = _SCHEME.match(text)
    if scheme is not None:
        known = scheme[1].lower() in {"http", "https"}
        return _split(normalize_url(text)) if known else None
    slashes = _SLASHES.match(text)
    if slashes is not None and slashes.end() > 0:
        # One slash begins a path on a host that is not known here.
        return _split(normalize_url(f"http:{text}")) if slashes.end() == 2 else None
    address = _split(normalize_url(f"http://{text}"))
    return address if _is_meant(address, text) else None


def _is_meant(address: Address | None, text: str) -> bool:
    """Whether a text without scheme and slashes is an address rather than words or a number."""
    authority = _AUTHORITY.match(text)
    if address is None or authority is None:
        return False
    has_path = authority.end() < len(text)
    if "@" in authority[0] and not has_path:
        return False  # somebody's e-mail address
    if is_numeric(address.host):
        # `3.14` and `24/7` are numbers; what stands in brackets is meant, however it is written.
        return "[" in authority[0] or address.host in authority[0]
    return "." in address.host or bool(address.port and has_path)  # `and/or` is words


def _split(href: str) -> Address | None:
    """Cut what ada has normalised: `scheme://[user[:password]@]host[:port]/path[?query][#…]`."""
    start = href.index("//") + 2
    slash = href.index("/", start)
    host = href[start:slash]
    target = href[slash:].partition("#")[0]
    if "@" in host:
        host = host.rpartition("@")[2]
    port = ""
    if host[-1] != "]" and ":" in host:
        host, colon, number = host.rpartition(":")
        port = "" if number in {"80", "443"} else colon + number
    if host[-1] == ".":
        bare = _without_dots(host)
        if bare is None:
            return None
        host = bare
    if "%" in target:
        target = _ESCAPE.sub(_normal, target)
    if _STRAY.search(target):
        target = target.translate(_STRAY_ESCAPES)
    if target[-1] == "?" and target.index("?") == len(target) - 1:
        target = target[:-1]
    return Address(host, port, target)


def _without_dots(host: str) -> str | None:
    # Without its dots a name can be an IP address in one of its odd forms: it is read again.
    bare = host.rstrip(".")
    again = _split(normalize_url(f"http://{bare}/")) if bare else None
    return again.host if again is not None else None


def _normal(escape: re.Match[str]) -> str:
    unreserved = escape[1]
    return chr(int(unreserved, 16)) if unreserved else escape[0].upper()
