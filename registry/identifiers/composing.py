"""Unicode's NFKC, in a time that goes with the length of a text whatever stands in it.

Python puts a row of combining marks in order by insertion: of 500,000 marks behind one letter, a
megabyte that anybody may send, that takes minutes, in which no other thread runs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_SHORT = 512
"""Characters in which no row of marks is long."""

_LONG = 128
"""Marks in a row that are put in order here."""

_STEP = _LONG // 2
"""Of so many marks in a row one is looked at: of a long row two, one behind the other."""


def nfkc(text: str) -> str:
    """What `unicodedata.normalize("NFKC", text)` is."""
    if len(text) > _SHORT and not text.isascii() and _rows(2).search(text[::_STEP]):
        text = _rows(_LONG).sub(_in_order, text)
    return unicodedata.normalize("NFKC", text)


def _in_order(row: re.Match[str]) -> str:
    """Marks decomposed, in their canonical order (The Unicode Standard, D109)."""
    apart = "".join(unicodedata.normalize("NFKD", mark) for mark in row.group())
    return "".join(sorted(apart, key=unicodedata.combining))


@cache
def _rows(least: int) -> re.Pattern[str]:
    """Finds rows of at least so many of what decomposes into nothing but marks."""
    marks = filter(_is_mark, map(chr, (*range(0xD800), *range(0xE000, 0x20000))))
    return re.compile(f"[{''.join(map(re.escape, marks))}]{{{least},}}")


def _is_mark(character: str) -> bool:
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))
