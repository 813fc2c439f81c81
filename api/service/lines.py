"""What people type or paste, one thing a line: an address, or a whole site.

A bare host (`anna.example`, `https://anna.example/`) is the site; anything with a path is one
address. What surrounds an address in e-mails and lists is taken off: bullets, brackets, quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optout.api.errors import BodyTooLarge
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import Identifier, Kind, canonical

from .items import Item, Refusal, visible
from .limits import Limits

# Everything here is linear in the length of what was pasted: nobody has been asked who they are.
_SEVERAL = re.compile(r"(?<=[\s,;])(?=https?://)", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[-*•–—·>]|\d{1,3}[.)])\s+")
_AROUND = ("<>", '""', "''", "()", "[]", "«»", "“”", "‘’", "``")
_LAYERS = 4
_BEHIND = ",;" + "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u200e\u200f"))
_ADDRESS = re.compile(r"^(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?P<rest>.*)$", re.IGNORECASE)
_HOST = re.compile(r"^(?:https?:[/\\]*|//)?(?P<authority>[^/?#\\]*)(?P<tail>.*)$", re.IGNORECASE)
_LOCAL = re.compile(r"^(?:[a-z]:\\|\\\\|file:|~/|/(?!/))", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:avif|bmp|gif|hei[cf]|jpe?g|mov|mp4|pdf|png|psd|raw|svg|tiff?|webp)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was typed.

    Attributes:
        number: the line it stands on, from 1.
        text: as it was typed, without what surrounds it.
        result: what it was understood as, or why it was not.
        same_as: the earlier line that says the same, or None.
    """

    number: int
    text: str
    result: Item | Refusal
    same_as: int | None = None


def read_lines(text: str, limits: Limits) -> list[Line]:
    """Understand every line that says something.

    Args:
        text: what was typed; several addresses may share a line.
        limits: the ceilings on lines and on one line's length.

    Returns:
        the lines in order, empty ones left out; one that repeats an earlier one says so.

    Raises:
        BodyTooLarge: there are more of them than anybody could look through.
    """
    lines: list[Line] = []
    first_seen: dict[bytes, int] = {}
    for number, row in enumerate(re.split(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", text), start=1):
        for piece in _SEVERAL.split(row):
            value = _unwrapped(piece)
            if not value:
                continue
            if len(lines) == limits.lines:
                raise BodyTooLarge(
                    f"the text has more than {limits.lines:,} lines", "Open several cases."
                )
            result = read_line(value, limits)
            same_as = None
            if isinstance(result, Item):
                digest = result.identifier.digest
                same_as = first_seen.get(digest)
                first_seen.setdefault(digest, number)
            lines.append(Line(number, value, result, same_as))
    return lines


def _unwrapped(piece: str) -> str:
    value = _BULLET.sub("", piece.translate(_ZERO_WIDTH).strip())
    for _ in range(_LAYERS):
        value = value.rstrip(_BEHIND)
        if len(value) < 2 or f"{value[0]}{value[-1]}" not in _AROUND:
            break
        value = value[1:-1].strip()
    return value


def read_line(text: str, limits: Limits) -> Item | Refusal:
    """Understand one line as a site or an address."""
    if len(text) > limits.line:
        detail = f"the line is longer than {limits.line:,} characters"
        return Refusal(visible(text), "too-long", detail)
    kind = Kind.SITE if _is_bare_host(text) else Kind.URL
    if reason := _not_an_address(text, kind):
        return Refusal(visible(text), *reason)
    return read_value(kind, text, limits)


def read_value(kind: Kind, text: str, limits: Limits) -> Item | Refusal:
    """Understand a value whose kind, `url` or `site`, its sender has named."""
    if len(text) > limits.line:
        detail = f"the value is longer than {limits.line:,} characters"
        return Refusal(visible(text), "too-long", detail)
    constructors: dict[Kind, Callable[[str], Identifier]] = {
        Kind.URL: Identifier.url,
        Kind.SITE: Identifier.site,
    }
    try:
        identifier = constructors[kind](text)
        understood = canonical(kind, text)
    except IdentifierError as error:
        suffix = kind is Kind.SITE and "suffix" in error.message
        reason = "public-suffix" if suffix else f"not-a-{kind.value}"
        return Refusal(visible(text), reason, error.message, error.advice)
    return Item(identifier, _without_password(text, understood), understood)


def _without_password(text: str, understood: str) -> str:
    # A user name and password before the host are not matched, and nothing to keep.
    # Browsers leave tabs and line ends out of an address, wherever they stand.
    found = _HOST.match(re.sub(r"[\t\r\n]", "", text.strip()))
    return understood if found is None or "@" in found["authority"] else visible(text, len(text))


def _is_bare_host(text: str) -> bool:
    found = _HOST.match(text)
    return found is not None and found["tail"] in {"", "/"}


def _not_an_address(text: str, kind: Kind) -> tuple[str, str] | None:
    """What else a line can be: the reason's word, and the reason."""
    found = _HOST.match(text)
    authority = found["authority"] if found else ""
    scheme = (_ADDRESS.match(text) or {"scheme": None})["scheme"]
    if re.fullmatch(r"@[\w.-]+(?:@[\w.-]+)?", text):
        return "handle", "a user name is not an address"
    if re.fullmatch(r"(?:mailto:)?[^\s/@:]+@[^\s/@]+", text, re.IGNORECASE):
        return "email", "an e-mail address is not the address of a page"
    if _LOCAL.match(text):
        return "local-file", "this is a place on a device, not on the web"
    if scheme and scheme.lower() not in {"http", "https"} and not _is_port(text, scheme):
        return "scheme", f"{visible(scheme, 20)}: is not http or https"
    if kind is Kind.SITE and _FILE.search(authority):
        return "file-name", "this is the name of a file, not an address"
    dotted = re.search(r"[.\u3002\uff0e\uff61]", authority) or authority.startswith("[")
    if re.search(r"\s", authority) or not dotted:
        return "words", "this is not an address"
    return None


def _is_port(text: str, scheme: str) -> bool:
    return re.match(r"\d+(?:[/?#]|$)", text[len(scheme) + 1 :]) is not None


VARIANTS = ("www", "slash", "query", "size")
"""Other spellings of an address that a site may serve the same thing under."""

_SIZE = re.compile(r"[-_]\d{2,5}x\d{2,5}(?=\.[a-z]{3,4}$)", re.IGNORECASE)


def variant(item: Item, name: str) -> str | None:
    """The text of one variant of an address, or None where it has none.

    Args:
        item: an address or a site.
        name: one of VARIANTS: with or without `www.`; with or without a slash at the end; without
            the part after `?`; without the size that picture galleries put into a file's name.
    """
    host, _, tail = item.understood.partition("/")
    path, question, query = tail.partition("?")
    if item.kind is Kind.SITE:
        # The site without `www.` covers the one with it.
        return host[4:] if name == "www" and host.startswith("www.") else None
    if item.kind is not Kind.URL:
        return None
    if name == "www":
        other = host[4:] if host.startswith("www.") else f"www.{host}"
        # `www.` stands before a site's own name; deeper hosts seldom have one.
        return f"https://{other}/{tail}" if other.count(".") < 3 else None
    if name == "slash" and path and not question and "." not in path.rpartition("/")[2]:
        return f"https://{host}/{path[:-1] if path.endswith('/') else path + '/'}"
    if name == "query" and question:
        return f"https://{host}/{path}"
    if name == "size" and _SIZE.search(path):
        return f"https://{host}/{_SIZE.sub('', path)}{question}{query}"
    return None


def variants(items: Sequence[Item], name: str, limits: Limits) -> list[Item]:
    """All variants of one name that are not among the items already."""
    known = {item.identifier.digest for item in items}
    found: list[Item] = []
    for item in items:
        text = variant(item, name)
        result = read_line(text, limits) if text else None
        if isinstance(result, Item) and result.identifier.digest not in known:
            known.add(result.identifier.digest)
            found.append(result)
    return found
