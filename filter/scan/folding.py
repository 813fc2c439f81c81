"""How single characters fold, as numbers that a compiled function reads.

A text folds character by character where no character takes part in what its neighbours become.
That is so, with the reference's steps in mind (`optout.registry.identifiers.passages`), where
everything that a character becomes on its way begins with a starter that never composes with what
stands before it: the text's form is then its characters' forms in a row. A combining mark that
composes with nothing may follow what ends in no higher combining class, so that nothing changes
its place; one that composes may follow a starter that composes with nothing. Whatever else there
is, the reference folds. Tests hold every character to this, and characters in company.

Source: https://www.unicode.org/reports/tr15/, "Concatenation of Normalized Strings".
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import filterfalse
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from optout.registry.identifiers import fold_text

CHARACTERS = 0x110000
BLOCK = 128

KEPT, WRITTEN, SPACE, MARK, COMPOSING, REFERENCE = range(6)
"""What becomes of a character: itself; other characters, or none; white space; itself as a
combining mark; itself as a mark that composes; and what only the reference knows."""

CLASS_AT, ENDING_AT, COMPOSES = 16, 24, 1 << 20
"""In a character's number: the bits of its class, those of the combining class that its form ends
in, and the bit that says it may compose with what follows. Below: the number of its form."""

MOST_BYTES = 6
LENGTH_AT, COUNT_AT = 48, 56
"""In a form, above its bytes: how many bytes and how many characters it has."""


class Folding(NamedTuple):
    """How characters fold.

    Attributes:
        blocks: uint16[0x110000 / 128], for every 128 characters a block in `characters`.
        characters: uint32[blocks, 128], a number for every character, see `CLASS_AT`.
        forms: uint64, what characters become: bytes of UTF-8, see `LENGTH_AT`.
    """

    blocks: npt.NDArray[np.uint16]
    characters: npt.NDArray[np.uint32]
    forms: npt.NDArray[np.uint64]


@cache
def unfolded() -> Folding:
    """A table that leaves every character above ASCII to the reference, and takes no time."""
    return Folding(
        np.zeros(CHARACTERS // BLOCK, np.uint16),
        np.full((1, BLOCK), REFERENCE << CLASS_AT, np.uint32),
        np.zeros(1, np.uint64),
    )


@cache
def folding() -> Folding:
    """The table of all characters, made from this Python's own Unicode."""
    numbers = np.zeros(CHARACTERS, np.uint32)
    numbers[0xD800:0xE000] = REFERENCE << CLASS_AT
    numbers[_HANGUL] = COMPOSES
    blocks = [_block(start) for start in _BLOCKS]
    pairs = [pair for block in blocks for pair in _pairs(block)]
    firsts = {first for first, _ in pairs} | _JAMO_FIRST
    seconds = {second for _, second in pairs} | _JAMO_SECOND
    forms: dict[str, int] = {"": 0}
    for start, block in zip(_BLOCKS, blocks, strict=True):
        if not _is_plain(block) or not firsts.union(seconds).isdisjoint(block):
            numbers[start : start + BLOCK] = [
                _number(character, firsts, seconds, forms) for character in block
            ]
    kinds: dict[bytes, int] = {}
    places = [kinds.setdefault(row.tobytes(), len(kinds)) for row in numbers.reshape(-1, BLOCK)]
    return Folding(
        np.array(places, np.uint16),
        np.frombuffer(bytearray().join(kinds), np.uint32).reshape(-1, BLOCK),
        np.array([_packed(form) for form in forms], np.uint64),
    )


_HANGUL = slice(0xAC00, 0xD7A4)
_JAMO_FIRST = set(map(chr, range(0x1100, 0x1113)))
_JAMO_SECOND = set(map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))))
_BLOCKS = [
    start
    for first, behind in ((0, 0xAC00), (0xE000, 0x40000), (0xE0000, 0xF0000))
    for start in range(first, behind, BLOCK)
]


def _block(start: int) -> str:
    return "".join(map(chr, range(start, start + BLOCK)))


def _is_plain(block: str) -> bool:
    """Whether every character of a block folds to itself and composes with nothing."""
    apart = ".".join(block)
    return (
        fold_text(apart) == apart
        and unicodedata.is_normalized("NFKD", apart)
        and not any(map(unicodedata.combining, block))
    )


def _pairs(block: str) -> list[tuple[str, str]]:
    """The pairs of characters of which characters of a block are composed."""
    if unicodedata.is_normalized("NFD", block):
        return []
    found = []
    for character in block:
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            first, second = (chr(int(part, 16)) for part in parts)
            if unicodedata.normalize("NFC", first + second) == character:
                found.append((first, second))
    return found


def _number(character: str, firsts: set[str], seconds: set[str], forms: dict[str, int]) -> int:
    reference = REFERENCE << CLASS_AT
    if (
        fold_text(character) == character == unicodedata.normalize("NFKD", character)
        and not unicodedata.combining(character)
        and character not in firsts
        and character not in seconds
    ):
        return 0
    before, ending, apart = character, 0, True
    while True:
        seen = "".join(filterfalse(_is_invisible, before))
        parts = unicodedata.normalize("NFKD", seen)
        if parts:
            ending = max(ending, unicodedata.combining(parts[-1]))
            apart &= not unicodedata.combining(parts[0]) and parts[0] not in seconds
        after = unicodedata.normalize("NFKC", seen).casefold()
        if after == before:
            break
        before = after
    if fold_text(character) != " ".join(after.split()):
        return reference  # newer than what the reference folds
    number = ending << ENDING_AT
    if after != character or parts != character or character in firsts or not apart:
        number |= COMPOSES
    if not apart:
        if after != character or parts != character:
            return reference
        return number | (COMPOSING if character in seconds else MARK) << CLASS_AT
    if after.isspace() and len(after) == 1:
        return number | SPACE << CLASS_AT
    if after == character:
        return number
    if len(after.encode()) > MOST_BYTES or len(after.split()) > 1 or after.strip() != after:
        return reference
    return number | WRITTEN << CLASS_AT | forms.setdefault(after, len(forms))


@cache
def _is_invisible(character: str) -> bool:
    return fold_text(f"a{character}b") == "ab"


def _packed(form: str) -> int:
    data = form.encode()
    return int.from_bytes(data, "little") | len(data) << LENGTH_AT | len(form) << COUNT_AT
