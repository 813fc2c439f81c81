"""The compiled folding of passages beside the reference's, text by text."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numba import njit
from optout.filter.scan import State
from optout.filter.scan.folding import (
    CLASS_AT,
    COMPOSING,
    MARK,
    REFERENCE,
    folding,
)
from optout.filter.scan.layout import layout
from optout.registry.compiled import kernels
from optout.registry.compiled.memory import load64
from optout.registry.identifiers import LEAST_CHARACTERS, fold_text

_compiled = kernels("optout.filter.scan.passage_kernels")
_fold, LEFT = _compiled.fold_passage, _compiled.LEFT
U = np.uint64

NUMBERS = folding().characters[folding().blocks].reshape(-1)
CLASSES = (NUMBERS >> CLASS_AT) & 7
CHARACTERS = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]


@njit(
    "void(uint64, uint64, uint16[::1], uint32[:, ::1], uint64[::1], uint8[:, ::1], int64[:, ::1])"
)
def _fold_all(offsets, data, blocks, characters, forms, out, told):
    for row in range(len(told)):
        begin, end = load64(offsets + U(8 * row)), load64(offsets + U(8 * row + 8))
        start = U(out[row].ctypes.data)
        state, behind = _fold(data + begin, data + end, start, blocks, characters, forms)
        told[row, 0] = state
        told[row, 1] = np.int64(behind - start)


def fold_all(texts: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """What the compiled folding makes of texts, none of them empty: a state, and a form."""
    values = pa.array(texts, pa.large_binary())
    out = np.zeros((len(texts), 3 * max(map(len, texts)) + 16), np.uint8)
    told = np.zeros((len(texts), 2), np.int64)
    _fold_all(*layout(values), *folding(), out, told)
    return [
        (state, row[:size].tobytes()) for row, (state, size) in zip(out, told.tolist(), strict=True)
    ]


def share_left(texts: Sequence[str | bytes]) -> float:
    """Hold the folding of texts against the reference's.

    Returns:
        The share of texts that was left to the reference.
    """
    packed = [text.encode() if isinstance(text, str) else text for text in texts]
    left = 0
    for data, (state, form) in zip(packed, fold_all(packed), strict=True):
        if state == LEFT:
            left += 1
            continue
        try:
            wanted = fold_text(data.decode())
        except UnicodeDecodeError:
            assert state == State.UNJUDGEABLE, data
            continue
        assert form.decode() == wanted, ascii(data.decode())
        long = len(wanted) >= LEAST_CHARACTERS
        assert state == (State.JUDGED if long else State.FOREIGN), ascii(wanted)
    return left / len(texts)


def _of(*classes: int) -> list[str]:
    return [
        chr(point)
        for point in np.flatnonzero(np.isin(CLASSES, classes))
        if not 0xD800 <= point < 0xE000
    ]


MARKS = _of(MARK, COMPOSING)
ODD = [chr(point) for point in np.flatnonzero((NUMBERS != 0) & (CLASSES != REFERENCE))]
_SCRIPTS = [
    (0x20, 0x250),
    (0x20, 0x80),
    (0x370, 0x530),
    (0x590, 0x780),
    (0x900, 0x1100),
    (0x1100, 0x1200),
    (0x1E00, 0x2070),
    (0x2070, 0x2200),
    (0x3000, 0x3400),
    (0xAC00, 0xAD00),
    (0xF900, 0x10000),
    (0x11100, 0x11200),
    (0x1D100, 0x1D200),
]
POOLS = [
    ODD,
    MARKS + ODD[:200],
    MARKS + list("ab करन"),
    list("가각각 ") + MARKS[:20],
    *([chr(point) for point in range(*span)] for span in _SCRIPTS),
    list("ab \t\n\u3000\u00a0\u200b\u0301É"),
]
"""Characters that stand together in a made-up text."""


def made_up(drawn: random.Random, count: int, most: int = 40) -> list[str]:
    """Texts of characters that are hard to fold."""
    texts = []
    for _ in range(count):
        pool = drawn.choice(POOLS) if drawn.random() < 0.8 else drawn.choice(POOLS) + POOLS[5]
        texts.append("".join(drawn.choices(pool, k=drawn.randint(1, most))))
    return texts


def damaged(drawn: random.Random, texts: Sequence[str]) -> list[bytes]:
    """Texts with some wrong bytes."""
    broken = []
    for text in texts:
        data = bytearray(text.encode())
        for _ in range(drawn.randint(1, 3)):
            data[drawn.randrange(len(data))] = drawn.choice(
                [
                    0x80,
                    0xBF,
                    0xC0,
                    0xC1,
                    0xC2,
                    0xE0,
                    0xED,
                    0xF0,
                    0xF4,
                    0xF5,
                    0xFF,
                    0x41,
                    drawn.randrange(256),
                ]
            )
        broken.append(bytes(data[: drawn.randint(1, len(data))]))
    return broken
