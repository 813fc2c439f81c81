"""Reading what servers of strangers answer: JSON of the expected shape, and the words of HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape

from optout.api.errors import CannotFetch

_DESCRIPTIONS = {"description", "og:description", "twitter:description"}
# All of these take time in proportion to the text, however it is broken: a parser does not.
_TAG = re.compile(r"<[^<>]*>")
_BREAKS = re.compile(r"<(?=(?:br|p|div|li)\b)", re.IGNORECASE)
"""What breaks a line parts words; other tags stand inside of them, where links are cut up."""

_NOTED = re.compile(
    r"<(!--|(?:meta|script|style|title|noscript|template|body|/head)\b)", re.IGNORECASE
)
_OVER = {
    word: re.compile(rf"</{word}\b", re.IGNORECASE)
    for word in ("script", "style", "title", "noscript", "template")
} | {"!--": re.compile("-->")}
_EDGE = re.compile("[<>]")
_LONGEST_TAG = 4000
_ATTRIBUTE = re.compile(r"""([\w:-]{1,40})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]+))""")


def object_of(body: bytes, host: str) -> Mapping[str, object]:
    """A JSON object that a server has answered.

    Raises:
        CannotFetch: it is something else, or nested too deep to be read.
    """
    found = _json(body, host)
    if not isinstance(found, dict):
        raise _unexpected(host)
    return found


def first_object_of(body: bytes, host: str) -> Mapping[str, object] | None:
    """The first object of a JSON list that a server has answered; None where it is empty.

    Raises:
        CannotFetch: it is something else.
    """
    found = _json(body, host)
    if found == []:
        return None
    if not isinstance(found, list) or not isinstance(found[0], dict):
        raise _unexpected(host)
    return found[0]


def text_at(document: Mapping[str, object], name: str) -> str:
    """A text in an object; empty where there is none or something else stands there."""
    value = document.get(name)
    return value if isinstance(value, str) else ""


def id_at(document: Mapping[str, object], name: str, host: str) -> str:
    """What a platform calls an account by: a whole number or a text.

    Raises:
        CannotFetch: there is none.
    """
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value):
        raise _unexpected(host)
    return str(value)


def _json(body: bytes, host: str) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unexpected(host) from error
    return found


def _unexpected(host: str) -> CannotFetch:
    return CannotFetch(
        f"{host} answers something else than an account", "Try again later, or prove a domain."
    )


def words_of(fragment: str) -> str:
    """The text of a fragment of HTML."""
    return unescape(_TAG.sub("", _BREAKS.sub("\n<", fragment)))


def descriptions_of(page: bytes) -> str:
    """How a page describes itself in its head, a line each; what stands in its body is not read.

    Of two descriptions of one name the first counts; scripts, titles and comments are passed over,
    because what strangers write may stand in them as it is.
    """
    text = page.decode("utf-8", "replace")
    found: dict[str, str] = {}
    place = 0
    while (tag := _NOTED.search(text, place)) is not None:
        place = tag.end()
        word = tag[1].lower()
        if word == "meta":
            values: dict[str, str] = {}
            for name, *content in _ATTRIBUTE.findall(text[place : _end_of_tag(text, place)]):
                values.setdefault(name.lower(), unescape("".join(content)))
            described = (values.get("property") or values.get("name") or "").lower()
            if described in _DESCRIPTIONS:
                found.setdefault(described, values.get("content", ""))
            continue
        over = _OVER.get(word)
        end = over.search(text, place) if over is not None else None
        if end is None:  # the head is over, or what has begun never ends
            break
        place = end.end()
    return "\n".join(found.values())


def _end_of_tag(text: str, start: int) -> int:
    edge = _EDGE.search(text, start, start + _LONGEST_TAG)
    return edge.start() if edge is not None and edge[0] == ">" else start
