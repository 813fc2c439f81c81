"""The compiled XXH3-64 is that of the library xxhash, for every length and every byte."""

from __future__ import annotations

import random
from types import ModuleType

import numpy as np
import pytest
from optout.registry.compiled import kernels
from xxhash import xxh3_64_intdigest

MODULE = "optout_test_hashing_kernels"
SOURCE = """
import numpy as np
from optout.registry.compiled import compiled
from optout.registry.compiled.memory import (
    leading_zeros, load8, load32, load64, multiply_fold, multiply_high, prefetch, swap_bytes,
    trailing_zeros,
)
from optout.registry.compiled.xxh3 import xxh3_64


@compiled("void(uint64, int64[::1], int64[::1], uint64[::1])")
def hashes(address, starts, lengths, out):
    for i in range(len(starts)):
        out[i] = xxh3_64(address + np.uint64(starts[i]), lengths[i])


@compiled("void(uint64, uint64, uint64[::1])")
def words(first, second, out):
    out[0] = multiply_high(first, second)
    out[1] = multiply_fold(first, second)
    out[2] = swap_bytes(first)
    out[3] = trailing_zeros(first)
    out[4] = leading_zeros(first)


@compiled("void(uint64, uint64[::1])")
def loads(address, out):
    prefetch(address)
    out[0] = load8(address)
    out[1] = load32(address)
    out[2] = load64(address)
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    folder = tmp_path_factory.mktemp("kernels")
    (folder / f"{MODULE}.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        return kernels(MODULE)


def hashed(compiled: ModuleType, data: bytes, starts: list[int], lengths: list[int]) -> list[int]:
    room = np.frombuffer(bytearray(data), np.uint8)
    out = np.zeros(len(starts), np.uint64)
    places = np.array(starts, np.int64), np.array(lengths, np.int64)
    compiled.hashes(np.uint64(room.ctypes.data), *places, out)
    return out.tolist()


def test_every_length_up_to_five_thousand_has_the_hash_of_the_library(
    compiled: ModuleType,
) -> None:
    data = random.Random(1).randbytes(5000)
    lengths = list(range(5001))
    found = hashed(compiled, data, [0] * len(lengths), lengths)
    assert found == [xxh3_64_intdigest(data[:length]) for length in lengths]


def test_bytes_of_any_kind_anywhere_have_the_hash_of_the_library(compiled: ModuleType) -> None:
    drawn = random.Random(2)
    for fill in (b"\0", b"\xff", None):
        data = drawn.randbytes(20_000) if fill is None else fill * 20_000
        lengths = [drawn.choice((drawn.randrange(300), drawn.randrange(9_000))) for _ in range(999)]
        starts = [drawn.randrange(11_000) for _ in lengths]
        assert hashed(compiled, data, starts, lengths) == [
            xxh3_64_intdigest(data[start : start + length])
            for start, length in zip(starts, lengths, strict=True)
        ]


def test_words_are_multiplied_swapped_and_counted_as_in_python(compiled: ModuleType) -> None:
    drawn = random.Random(3)
    numbers = [0, 1, 2**63, 2**64 - 1, *(drawn.getrandbits(64) for _ in range(50))]
    for first in numbers:
        for second in numbers[:8]:
            out = np.zeros(5, np.uint64)
            compiled.words(np.uint64(first), np.uint64(second), out)
            product = first * second
            assert out.tolist() == [
                product >> 64,
                (product >> 64) ^ (product & 2**64 - 1),
                int.from_bytes(first.to_bytes(8, "big"), "little"),
                (first & -first).bit_length() - 1 if first else 64,
                64 - first.bit_length(),
            ]


def test_values_are_loaded_from_where_nothing_is_aligned(compiled: ModuleType) -> None:
    data = bytes(range(200, 232))
    room = np.frombuffer(bytearray(data), np.uint8)
    for at in range(24):
        out = np.zeros(3, np.uint64)
        compiled.loads(np.uint64(room.ctypes.data + at), out)
        assert out.tolist() == [
            int.from_bytes(data[at : at + size], "little") for size in (1, 4, 8)
        ]
