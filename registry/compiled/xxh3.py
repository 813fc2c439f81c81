"""XXH3-64 of bytes at an address, equal to the library xxhash for every length.

Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, "XXH3", with seed 0 and the
default secret. The names are the specification's.
"""

from __future__ import annotations

import numpy as np

from .loading import inlined, shared
from .memory import load8, load32, load64, multiply_fold, swap_bytes

U = np.uint64

PRIME32_1, PRIME32_2, PRIME32_3 = U(0x9E3779B1), U(0x85EBCA77), U(0xC2B2AE3D)
PRIME64_1, PRIME64_2, PRIME64_3 = (
    U(0x9E3779B185EBCA87),
    U(0xC2B2AE3D27D4EB4F),
    U(0x165667B19E3779F9),
)
PRIME64_4, PRIME64_5 = U(0x85EBCA77C2B2AE63), U(0x27D4EB2F165667C5)
PRIME_MX1, PRIME_MX2 = U(0x165667919E3779F9), U(0x9FB21C651E98DF25)

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_WORDS = np.array([int.from_bytes(_SECRET[at : at + 8], "little") for at in range(185)], U)
"""The word of the secret that begins at each of its bytes."""

_FLIP_0 = U(int(_WORDS[56]) ^ int(_WORDS[64]))
_FLIP_1_3 = U(int.from_bytes(_SECRET[0:4], "little") ^ int.from_bytes(_SECRET[4:8], "little"))
_FLIP_4_8 = U(int(_WORDS[8]) ^ int(_WORDS[16]))
_FLIP_9_16_LOW = U(int(_WORDS[24]) ^ int(_WORDS[32]))
_FLIP_9_16_HIGH = U(int(_WORDS[40]) ^ int(_WORDS[48]))


@inlined
def _rotated(value: np.uint64, bits: int) -> np.uint64:
    return (value << U(bits)) | (value >> U(64 - bits))


@inlined
def _avalanche(value: np.uint64) -> np.uint64:
    value ^= value >> U(37)
    value *= PRIME_MX1
    return value ^ (value >> U(32))


@inlined
def _avalanche_xxh64(value: np.uint64) -> np.uint64:
    value ^= value >> U(33)
    value *= PRIME64_2
    value ^= value >> U(29)
    value *= PRIME64_3
    return value ^ (value >> U(32))


@inlined
def _mix16(address: np.uint64, at: int) -> np.uint64:
    return multiply_fold(load64(address) ^ _WORDS[at], load64(address + U(8)) ^ _WORDS[at + 8])


@shared
def _up_to_16(address: np.uint64, length: int) -> np.uint64:
    size = U(length)
    if length > 8:
        low = load64(address) ^ _FLIP_9_16_LOW
        high = load64(address + size - U(8)) ^ _FLIP_9_16_HIGH
        return _avalanche(size + swap_bytes(low) + high + multiply_fold(low, high))
    if length >= 4:
        first, last = U(load32(address)), U(load32(address + size - U(4)))
        value = (last + (first << U(32))) ^ _FLIP_4_8
        value ^= _rotated(value, 49) ^ _rotated(value, 24)
        value *= PRIME_MX2
        value ^= (value >> U(35)) + size
        value *= PRIME_MX2
        return value ^ (value >> U(28))
    if length > 0:
        first, last = U(load8(address)), U(load8(address + size - U(1)))
        middle = U(load8(address + (size >> U(1))))
        return _avalanche_xxh64(
            ((first << U(16)) | (middle << U(24)) | last | (size << U(8))) ^ _FLIP_1_3
        )
    return _avalanche_xxh64(_FLIP_0)


@shared
def _up_to_128(address: np.uint64, length: int) -> np.uint64:
    size = U(length)
    end = address + size
    value = size * PRIME64_1
    if length > 32:
        if length > 64:
            if length > 96:
                value += _mix16(address + U(48), 96) + _mix16(end - U(64), 112)
            value += _mix16(address + U(32), 64) + _mix16(end - U(48), 80)
        value += _mix16(address + U(16), 32) + _mix16(end - U(32), 48)
    return _avalanche(value + _mix16(address, 0) + _mix16(end - U(16), 16))


@shared
def _up_to_240(address: np.uint64, length: int) -> np.uint64:
    value = U(length) * PRIME64_1
    for step in range(8):
        value += _mix16(address + U(16 * step), 16 * step)
    value = _avalanche(value)
    for step in range(8, length // 16):
        value += _mix16(address + U(16 * step), 16 * (step - 8) + 3)
    return _avalanche(value + _mix16(address + U(length - 16), 119))


@inlined
def _low_by_high(value: np.uint64) -> np.uint64:
    return (value & U(0xFFFFFFFF)) * (value >> U(32))


@inlined
def _scrambled(accumulator: np.uint64, at: int) -> np.uint64:
    mixed = accumulator ^ (accumulator >> U(47)) ^ U(_WORDS[at])
    return mixed * PRIME32_1


@shared
def _long(address: np.uint64, length: int) -> np.uint64:
    a0, a1, a2, a3 = PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3
    a4, a5, a6, a7 = PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1
    stripes = np.int64((length - 1) // 64)
    step = 0
    for stripe in range(stripes + 1):
        if stripe == stripes:
            where, at = address + U(length - 64), 121
        else:
            where, at = address + U(64 * stripe), 8 * step
        v0, v1 = load64(where), load64(where + U(8))
        v2, v3 = load64(where + U(16)), load64(where + U(24))
        v4, v5 = load64(where + U(32)), load64(where + U(40))
        v6, v7 = load64(where + U(48)), load64(where + U(56))
        a0 += _low_by_high(v0 ^ _WORDS[at]) + v1
        a1 += _low_by_high(v1 ^ _WORDS[at + 8]) + v0
        a2 += _low_by_high(v2 ^ _WORDS[at + 16]) + v3
        a3 += _low_by_high(v3 ^ _WORDS[at + 24]) + v2
        a4 += _low_by_high(v4 ^ _WORDS[at + 32]) + v5
        a5 += _low_by_high(v5 ^ _WORDS[at + 40]) + v4
        a6 += _low_by_high(v6 ^ _WORDS[at + 48]) + v7
        a7 += _low_by_high(v7 ^ _WORDS[at + 56]) + v6
        if stripe < stripes:
            step += 1
            if step == 16:
                step = 0
                a0, a1 = _scrambled(a0, 128), _scrambled(a1, 136)
                a2, a3 = _scrambled(a2, 144), _scrambled(a3, 152)
                a4, a5 = _scrambled(a4, 160), _scrambled(a5, 168)
                a6, a7 = _scrambled(a6, 176), _scrambled(a7, 184)
    value = U(length) * PRIME64_1
    value += multiply_fold(a0 ^ _WORDS[11], a1 ^ _WORDS[19])
    value += multiply_fold(a2 ^ _WORDS[27], a3 ^ _WORDS[35])
    value += multiply_fold(a4 ^ _WORDS[43], a5 ^ _WORDS[51])
    value += multiply_fold(a6 ^ _WORDS[59], a7 ^ _WORDS[67])
    return _avalanche(value)


@shared
def xxh3_64(address: np.uint64, length: int) -> np.uint64:
    """XXH3-64 of `length` bytes (int64) at an address (uint64)."""
    if length <= 16:
        return _up_to_16(address, length)
    if length <= 128:
        return _up_to_128(address, length)
    if length <= 240:
        return _up_to_240(address, length)
    return _long(address, length)
