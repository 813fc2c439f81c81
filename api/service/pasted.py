"""What people type or paste: one thing a row, links in rows of words, rows of prose.

Rows of prose are one passage. People who paste links paste what stood around them, and mean the
links. Set aside are therefore the words in a row that holds a link, and, where the whole holds
three links or more, every other row of words, addresses of mail, and two kinds of passages: one
that ends in a colon, for that announces a link, and one that a mail quotes (`> …`). Any other
passage stays a text. What is named in full beside a link is understood too (`instagram:anna`,
`anna.example/a`), but no host without a path: nobody registers a whole site by a word of a
sentence. What was set aside is told, and needs no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from optout.api.errors import BodyTooLarge
from optout.api.limits import Limits
from optout.api.words import visible
from optout.registry.identifiers import Kind

from .items import Item, Refusal
from .lines import ZERO_WIDTH, read_line, read_value, unwrapped, without_sentence
from .links_in_rows import has_link, in_row, is_no_host, without_markers, words_of
from .prose import Part, is_quoted, parts, rows

_PLACES = (Kind.URL, Kind.SITE, Kind.PREFIX)
_LIST = 3
"""Links that make a list of what was pasted: its other words are what stood around it."""

_PLACE_BESIDE = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?/", re.IGNORECASE)
"""How an address without a scheme begins that stands beside a link: with no number, no `e.g.`"""

_ENDS = ".,;:!?…。！？"
_BETWEEN = ",; \t"
_LETTER = re.compile(r"[^\W_]")
_SPACED = re.compile(r"[\s、。！？]")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was typed.

    Attributes:
        number: the line it stands on, from 1.
        text: as it was typed, without what surrounds it.
        result: what it was understood as, or why it was not.
        same_as: the earlier line that says the same, or None.
        is_aside: whether these are words among links, which need no answer.
    """

    number: int
    text: str
    result: Item | Refusal
    same_as: int | None = None
    is_aside: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands in a row: a value; or words, a passage of them, or those beside a link."""

    number: int
    text: str
    is_words: bool = False
    is_passage: bool = False
    is_beside: bool = False


def read_lines(text: str, limits: Limits) -> list[Line]:
    """Understand every line that says something.

    Args:
        text: what was typed; several addresses may share a line.
        limits: the ceilings on lines and on one line's length.

    Returns:
        the lines in order, empty ones left out; one that repeats an earlier one says so.

    Raises:
        BodyTooLarge: there are more of them than anybody could look through, or more bytes of text
            than a request without pictures may bring, however many fields have brought it.
    """
    if len(text.encode("utf-8", "surrogatepass")) > limits.words:
        raise BodyTooLarge(f"the text has more than {limits.words:,} bytes", "Open several cases.")
    lines: list[Line] = []
    first_seen: dict[bytes, int] = {}
    read = [(piece, _read(piece, limits)) for piece in _pieces(text, limits)]
    links = sum(isinstance(result, Item) and result.kind in _PLACES for _, result in read)
    for piece, result in read:
        if _is_aside(piece, result, is_list=links >= _LIST):
            told = Refusal(visible(piece.text), "words", "these words stand among links")
            lines.append(Line(piece.number, piece.text, told, is_aside=True))
            continue
        same_as = None
        if isinstance(result, Item):
            digest = result.identifier.digest
            same_as = first_seen.get(digest)
            first_seen.setdefault(digest, piece.number)
        lines.append(Line(piece.number, piece.text, result, same_as))
    return lines


def _is_aside(piece: _Piece, result: Item | Refusal, *, is_list: bool) -> bool:
    if piece.is_passage:
        return is_list and (piece.text.endswith((":", "：")) or is_quoted(piece.text))
    is_mail = isinstance(result, Refusal) and result.reason == "email"
    return piece.is_beside or (is_list and (piece.is_words or is_mail))


def _read(piece: _Piece, limits: Limits) -> Item | Refusal:
    if piece.is_passage:
        return read_value(Kind.TEXT, piece.text, limits)
    if piece.is_beside or is_no_host(piece.text):
        return Refusal(visible(piece.text), "words", "this is not an address")
    return read_line(piece.text, limits)


def _pieces(text: str, limits: Limits) -> Iterator[_Piece]:
    """Everything that says something."""
    typed = rows(text)
    # A passage counts once for its sender, and row by row for whoever reads it.
    _count(sum(not row.isspace() for row in typed if row), limits)
    found = (
        piece
        for part in parts(typed, lambda row: _is_words(row, limits))
        for piece in _pieces_of(part, limits)
        if piece.text
    )
    count = 0
    for piece in found:
        count += not piece.is_beside
        _count(count, limits)
        yield piece


def _pieces_of(part: Part, limits: Limits) -> Iterator[_Piece]:
    if part.is_passage:
        yield _Piece(part.number, part.text.strip(), is_words=True, is_passage=True)
    elif part.is_words or len(found := list(in_row(part.text.translate(ZERO_WIDTH)))) == 1:
        value = _bare(part.text)
        # A row of dashes or dots says nothing.
        says = not part.is_words or _LETTER.search(value)
        yield _Piece(part.number, value if says else "", is_words=part.is_words)
    else:
        for text, is_link in found:
            value = text if is_link else _bare(text.lstrip(_BETWEEN))
            is_value = is_link or _is_named_beside(value, limits)
            yield _Piece(part.number, value if is_value else words_of(text), is_beside=not is_value)


def _is_named_beside(value: str, limits: Limits) -> bool:
    """Whether what stands beside a link is named so that it cannot be a word of a sentence."""
    told = read_line(value, limits) if value and not _SPACED.search(value) else None
    if not isinstance(told, Item) or told.kind is Kind.SITE:
        return False
    return told.kind is not Kind.URL or _PLACE_BESIDE.match(value) is not None


def _bare(row: str) -> str:
    """A row's value without its markers, its brackets, and the end of its sentence."""
    return without_sentence(unwrapped(without_markers(row.translate(ZERO_WIDTH))))


def _count(lines: int, limits: Limits) -> None:
    if lines > limits.lines:
        raise BodyTooLarge(f"the text has more than {limits.lines:,} lines", "Open several cases.")


def _is_words(row: str, limits: Limits) -> bool:
    """Whether a row says nothing but words."""
    if has_link(row.translate(ZERO_WIDTH)):
        return False
    value = _bare(row).strip(_ENDS)
    if not value or is_no_host(value):
        return True
    told = read_line(value, limits)
    if isinstance(told, Item) or value.startswith("@"):
        return False
    return told.reason in {"words", "handle"} or _SPACED.search(value) is not None
