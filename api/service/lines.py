"""One thing that people type, in one line: an address, a site, an account, a book.

A bare host (`anna.example`, `https://anna.example/`) is the site; anything with a path is one
address, and with `/*` behind it everything below. `instagram:anna` and `@anna@mastodon.social` are
accounts, `isbn:…` and `doi:…` works. What surrounds a value in e-mails and lists is taken off:
bullets, brackets, quotes.
"""

from __future__ import annotations

import re

from optout.api.limits import Limits
from optout.api.words import visible
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import PLATFORMS, Identifier, Kind, canonical

from .items import Item, Refusal
from .links_in_rows import without_ending

# Everything here is linear in the length of what was pasted: nobody has been asked who they are.
_BULLET = re.compile(r"^(?:[-*•–—·>]|\d{1,3}[.)])\s+")
_AROUND = ("<>", '""', "''", "()", "[]", "«»", "“”", "‘’", "``")
_LAYERS = 4
_BEHIND = ",;" + "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u200e\u200f"))
_ADDRESS = re.compile(r"^(?:(?P<scheme>[a-z][a-z0-9+.-]*):)?(?P<rest>.*)$", re.IGNORECASE)
_HOST = re.compile(r"^(?:https?:[/\\]*|//)?(?P<authority>[^/?#\\]*)(?P<tail>.*)$", re.IGNORECASE)
_LOCAL = re.compile(r"^(?:[a-z]:\\|\\\\|file:|~/|/(?!/))", re.IGNORECASE)
_HANDLE = re.compile(r"@[\w.-]+(?:@[^\s/@]+)?")
_NAME = re.compile(r"@[\w.-]{1,64}|[\w-]{2,64}")
"""A user name that does not say on which platform."""

_WORDS = ("words", "scheme")
_WORK = re.compile(
    r"(?:isbn|doi|arxiv|iscc)\s*:|isbn[\s-]|(?:doi|arxiv)\s+\S|10\.\d{4,9}/", re.IGNORECASE
)
BELOW = re.compile(r"/[ \t]*\*{1,2}$")
"""What stands behind an address to say: and everything below it."""

_SPACED = re.compile(r"\s")

_LIGATURES = {"\ufdfa": 17, "\ufdfb": 7}
"""Signs for whole sentences, and by how many characters NFKC makes each longer. No other becomes
more than six, and a megabyte of these would take seconds, in which nobody else is served."""

EXCERPT = 60
"""Characters of a passage by which its sender knows it again."""

_FILE = re.compile(
    r"\.(?:avif|bmp|gif|hei[cf]|jpe?g|mov|mp4|pdf|png|psd|raw|svg|tiff?|webp)$", re.IGNORECASE
)


def unwrapped(piece: str) -> str:
    """A value without what surrounds it in e-mails and lists: bullets, brackets, quotes."""
    value = _BULLET.sub("", piece.translate(ZERO_WIDTH).strip())
    for _ in range(_LAYERS):
        value = value.rstrip(_BEHIND)
        if len(value) < 2 or f"{value[0]}{value[-1]}" not in _AROUND:
            break
        value = value[1:-1].strip()
    return value


def without_sentence(value: str) -> str:
    """An address or a site without what ends the sentence that it stands in; else the value."""
    is_place = not _SPACED.search(value) and kind_of(value) in {Kind.URL, Kind.SITE}
    return without_ending(value) if is_place else value


def read_line(text: str, limits: Limits) -> Item | Refusal:
    """Understand one line as what it looks like."""
    if len(text) > limits.line:
        detail = f"the line is longer than {limits.line:,} characters"
        return Refusal(visible(text), "too-long", detail)
    kind = kind_of(text)
    if kind in {Kind.URL, Kind.SITE} and (reason := not_an_address(text, kind)):
        # `anna on Instagram` and `twitter:anna` are words to a browser.
        account = read_value(Kind.ACCOUNT, text, limits) if reason[0] in _WORDS else None
        named = isinstance(account, Item) or (account is not None and account.reason == "handle")
        return account if account is not None and named else Refusal(visible(text), *reason)
    return read_value(kind, text, limits)


def read_value(kind: Kind, text: str, limits: Limits) -> Item | Refusal:
    """Understand a value whose kind, any but `file` and `image`, its sender has named."""
    is_text = kind is Kind.TEXT
    most = limits.passage if is_text else limits.line
    if (written_out(text) if is_text else len(text)) > most:
        detail = f"the value is longer than {most:,} characters"
        return Refusal(visible(text), "too-long", detail)
    try:
        identifier = Identifier.parse(kind, text)
        understood = canonical(kind, text)
    except IdentifierError as error:
        return Refusal(visible(text), _reason(kind, text, error), error.message, error.advice)
    return Item(identifier, _shown(kind, text, understood), understood)


def written_out(text: str) -> int:
    """Characters of a passage, with those that stand for many counted as what they stand for."""
    return len(text) + sum(more * text.count(sign) for sign, more in _LIGATURES.items())


def kind_of(text: str) -> Kind:
    """What a line looks like; whether it is that, the registry says."""
    word, colon, rest = text.partition(":")
    named = word.strip().lower() in {*PLATFORMS, "mastodon"}
    if (named and colon and not rest.startswith("//")) or _HANDLE.fullmatch(text):
        return Kind.ACCOUNT
    if _WORK.match(text):
        return Kind.WORK
    if BELOW.search(text):
        return Kind.PREFIX
    return Kind.SITE if _is_bare_host(text) else Kind.URL


def _reason(kind: Kind, text: str, error: IdentifierError) -> str:
    """The word by which the pages and programs know why a value is none of its kind."""
    if "suffix" in error.message and kind is Kind.SITE:
        return "public-suffix"
    if "platform" in error.message and kind in {Kind.SITE, Kind.PREFIX}:
        return "platform"
    if kind is Kind.ACCOUNT and _NAME.fullmatch(text.strip()):
        return "handle"
    return f"not-an-{kind.value}" if kind is Kind.ACCOUNT else f"not-a-{kind.value}"


def _shown(kind: Kind, text: str, understood: str) -> str:
    if kind is Kind.TEXT:
        # A passage is not kept, not even sealed: its beginning is enough to know it again.
        return visible(" ".join(text[: 4 * EXCERPT].split()), EXCERPT)
    if kind in {Kind.URL, Kind.SITE, Kind.PREFIX}:
        return _without_password(text, understood)
    return visible(text, len(text))


def _without_password(text: str, understood: str) -> str:
    # A user name and password before the host are not matched, and nothing to keep.
    # Browsers leave tabs and line ends out of an address, wherever they stand.
    found = _HOST.match(re.sub(r"[\t\r\n]", "", text.strip()))
    return understood if found is None or "@" in found["authority"] else visible(text, len(text))


def _is_bare_host(text: str) -> bool:
    found = _HOST.match(text)
    return found is not None and found["tail"] in {"", "/"}


def not_an_address(text: str, kind: Kind) -> tuple[str, str] | None:
    """What else a line can be that looks like an address or a site: the reason's word, and it."""
    found = _HOST.match(text)
    authority = found["authority"] if found else ""
    scheme = (_ADDRESS.match(text) or {"scheme": None})["scheme"]
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
