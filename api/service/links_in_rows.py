"""Links in what people paste out of e-mails, lists and sentences, and what is no part of them.

A link begins with `https://`, `http://` or `www.` at the beginning of a word, or behind a mark or
label that is glued to it (`(https://…`, `Harbour:https://…`), and ends at a space, `<`, `>` or `"`.
Signs that end a sentence are no part of it, nor is a bracket or quote whose other half stands
before it. Bullets, numbers and marks of quotation stand before values, and name nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from optout.registry.identifiers import PLATFORMS

# Everything here is linear in the length of what was pasted: nobody has been asked who they are.
# Atomic groups (`(?>…)`) give nothing back, so that a run is looked at once. Possessive quantifiers
# would say the same, and are matched wrongly before Python 3.11.5 (python/cpython#106052).
_NAMED = {f"{name}:" for name in (*PLATFORMS, "mastodon", "http", "https")}
"""Labels that say more than a label: an account by the link to its profile, half a scheme."""

_LINK = re.compile(
    r"(?<![^\s,;<>\"])(?>(?:[^\w\s,;<>\"./?#@]|\d{1,3}[.)])*)"
    r"(?P<label>(?:[^\s,;<>\"./?#@]*[^\w\s,;<>\"./?#@])?)"
    r"(?P<link>(?:https?://|www\.(?=[^\W_]))(?>(?:(?![,;]https?://)[^\s<>\"])*)"
    r"(?:(?<=/)(?>[ \t]+)\*{1,2}(?![^\s,;]))?)",
    re.IGNORECASE,
)
_BULLETS = "•‣◦▪●○■□✓✔➤→"
_MARKERS = re.compile(
    rf"(?>(?:(?:[>|{_BULLETS}]+\s*|[-*–—·]+(?:\s+|$)"
    r"|(?:\(?\d{1,3}[.)]{1,2}|\(?[a-z]\)|\[(?:\d{1,3}|[a-z])\])"
    r"(?:\s+|$|(?=[a-z]\)|[^\w\s./]))))+)"
)
_NUMBER = re.compile(r"[\d.,()]*")
_NO_BARE_HOST = re.compile(r"[\s/?#:@\[\]]")
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\.?")
_ENDS = ".,;:!…。！"
_MOST_ENDS = 64
"""Signs behind a link that are looked at: more stand behind none that anybody means."""

_OPENING = dict(zip(")]}>»«›‹”“’‘\"'`", "([{<«»‹›“„‘‚\"'`", strict=True))
_EDGES = _BULLETS + "<>()[]{}\"'`«»‹›“”„‘‚|*•–—-=_~#,; "
_MARK = re.compile(f"[{re.escape(''.join(set(_EDGES) - set('-_*')))}]")
_BESIDE = re.compile(rf"(?>(?:[\s{re.escape(_EDGES)}]|\d{{1,3}}[.)\]]|[a-z][)\]])+)")


def in_row(row: str) -> Iterator[tuple[str, bool]]:
    """What stands in a row: the links, and what is before, between and behind them.

    Args:
        row: as it was pasted.

    Yields:
        each piece in its order, and whether it is a link; the whole row where it has none.
    """
    end = 0
    for found in _links(row):
        yield row[end : found.start("link")], False
        yield without_ending(found["link"]), True
        end = found.end()
    yield row[end:], False


def has_link(row: str) -> bool:
    """Whether a row has any link."""
    return any(_links(row))


def _links(row: str) -> Iterator[re.Match[str]]:
    return (found for found in _LINK.finditer(row) if found["label"].lower() not in _NAMED)


def without_markers(text: str) -> str:
    """What stands behind bullets, numbers of lists and marks of quotation."""
    text = text.strip()
    found = _MARKERS.match(text)
    return text[found.end() :] if found else text


def without_ending(link: str) -> str:
    """A link without what ends the sentence or the brackets that it stands in."""
    counts = Counter(link)
    end = len(link)
    while end > max(0, len(link) - _MOST_ENDS):
        last = link[end - 1]
        if last in _OPENING:
            is_behind = counts[_OPENING[last]] < counts[last] or _OPENING[last] == last
        else:
            # A second question mark belongs to the query that the first began.
            is_behind = last in _ENDS or (last in "?？" and counts[last] == 1)
        if not is_behind:
            break
        counts[last] -= 1
        end -= 1
    return link[:end]


def words_of(piece: str) -> str:
    """The words of what stands beside a link; empty where it is marks and numbers alone."""
    words = piece[found.end() :] if (found := _BESIDE.match(piece)) else piece
    words = words.rstrip(_EDGES)
    return words if any(character.isalpha() for character in words) else ""


def is_no_host(text: str) -> bool:
    """Whether a value is a number, a date, or like `e.g.`, though browsers take it for a host."""
    host, colon, port = text.rpartition(":")
    text = host if colon and (port.isdecimal() or not port) else text
    if _QUAD.fullmatch(text) or _NO_BARE_HOST.search(text):
        return False
    _, dot, last = text.rstrip(".").rpartition(".")
    is_end = len(last) > 1 and any(map(str.isalpha, last)) and not _MARK.search(text)
    return _NUMBER.fullmatch(text) is not None or (dot == "." and not is_end)
