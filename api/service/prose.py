"""Where prose stands among what people paste: a poem, an article, a chapter of a book.

A row of words is neither a link nor an account nor anything else that can be named. Rows of words
that follow each other are one passage where they hold as many words as a sentence, and one of them
more than a name; a blank row between them is a paragraph's end, two are the passage's, and so are
the `--` above a signature, and where what a mail quotes (`> …`) begins and ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .links_in_rows import has_link

_SENTENCE = 8
"""Words that a passage has at least."""

_CLAUSE = 4
"""Words that one of its rows has at least: lists of names have none such."""

_SIGNATURE = "--"
"""The row by which mail says that its text is over (RFC 3676, section 4.3)."""

APART = "\n\n\n"
"""Stands between two texts that must not be read as one passage."""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana, ideographs."""

_WORD = re.compile(rf"[{_UNSPACED}]{{2}}|\b[^\W\d_{_UNSPACED}]+(?:['’-][^\W\d_{_UNSPACED}]+)*\b")
_ROWS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Part:
    """What stands together: a row, or the rows of a passage.

    Attributes:
        number: its first row, from 1.
        text: as it was typed.
        is_passage: whether it is to be taken as one text.
        is_words: whether it says nothing that can be named.
    """

    number: int
    text: str
    is_passage: bool = False
    is_words: bool = False


def rows(text: str) -> list[str]:
    """What stands between line ends of any system."""
    return _ROWS.split(text)


def is_quoted(row: str) -> bool:
    """Whether mail marks a row, or the first row of a passage, as somebody else's words."""
    return row.lstrip().startswith(">")


def parts(rows: Sequence[str], is_words: Callable[[str], bool]) -> Iterator[Part]:
    """Rows and passages in their order; blank rows are left out.

    Args:
        rows: of the text.
        is_words: whether a row says nothing that can be named.
    """
    held: list[Part] = []
    blank = 0
    for number, row in enumerate(rows, start=1):
        if not row.strip():
            blank += 1
        elif row.rstrip() == _SIGNATURE:
            blank = 2
        elif is_words(row):
            if blank > 1 or (held and is_quoted(held[-1].text) != is_quoted(row)):
                yield from _together(held)
                held = []
            held.append(Part(number, row, is_words=True))
            blank = 0
        else:
            yield from _together(held)
            yield Part(number, row)
            held, blank = [], 0
    yield from _together(held)


def joined(texts: Sequence[str]) -> str:
    """Parts as one text, of which the same parts are found again."""
    pieces = list(texts[:1])
    for before, text in pairwise(texts):
        # What may be a part of a passage stays as far apart as it was.
        long = any(not has_link(one) and _words(one) >= _CLAUSE for one in (before, text))
        pieces += [APART if long else "\n", text]
    return "".join(pieces)


def _words(text: str) -> int:
    return len(_WORD.findall(text))


def _together(held: Sequence[Part]) -> list[Part]:
    counts = [_words(part.text) for part in held]
    if sum(counts) < _SENTENCE or max(counts) < _CLAUSE:
        return list(held)
    lines = [held[0].text]
    for before, part in pairwise(held):
        lines += [""] * (part.number - before.number - 1) + [part.text]
    return [Part(held[0].number, "\n".join(lines), is_passage=True, is_words=True)]
