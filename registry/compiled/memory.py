"""Loads from raw addresses, wide products, prefetches: what compiled functions are built from.

Arrow hands out buffers by address, and values that are aligned to nothing. Every load here is
little-endian and unaligned. That an address lies inside a buffer is the caller's to know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

Inside = Any
"""What the compiler hands to its own extensions."""

_BYTE = ir.IntType(8)
_NUMBER = ir.IntType(32)
_WORD = ir.IntType(64)
_WIDE = ir.IntType(128)


def _of_one(emit: Callable[[Inside, Inside], Inside], result: Inside = types.uint64) -> Inside:
    def code(_context: Inside, builder: Inside, _signature: Inside, arguments: Inside) -> Inside:
        return emit(builder, arguments[0])

    def declared(_typing: Inside, _value: Inside) -> Inside:
        return result(types.uint64), code

    return intrinsic(declared)


def _of_two(emit: Callable[[Inside, Inside], Inside], result: Inside = types.uint64) -> Inside:
    def code(_context: Inside, builder: Inside, _signature: Inside, arguments: Inside) -> Inside:
        return emit(builder, arguments)

    def declared(_typing: Inside, _first: Inside, _second: Inside) -> Inside:
        return result(types.uint64, types.uint64), code

    return intrinsic(declared)


def _load(bits: int) -> Callable[[Inside, Inside], Inside]:
    def emit(builder: Inside, address: Inside) -> Inside:
        value = builder.load(builder.inttoptr(address, ir.IntType(bits).as_pointer()))
        value.align = 1
        return value

    return emit


def _store(builder: Inside, arguments: Inside) -> Inside:
    address, value = arguments
    builder.store(value, builder.inttoptr(address, _WORD.as_pointer())).align = 1
    return ir.Constant(_BYTE.as_pointer(), None)


def _product(builder: Inside, factors: Inside) -> tuple[Inside, Inside]:
    product = builder.mul(*(builder.zext(each, _WIDE) for each in factors))
    high = builder.trunc(builder.lshr(product, ir.Constant(_WIDE, 64)), _WORD)
    return builder.trunc(product, _WORD), high


def _prefetch(builder: Inside, address: Inside) -> Inside:
    pointer = _BYTE.as_pointer()
    shape = ir.FunctionType(ir.VoidType(), [pointer, _NUMBER, _NUMBER, _NUMBER])
    function = builder.module.declare_intrinsic("llvm.prefetch", [pointer], shape)
    # To be read, kept close, data.
    flags = _NUMBER(0), _NUMBER(3), _NUMBER(1)
    builder.call(function, [builder.inttoptr(address, pointer), *flags])
    return ir.Constant(pointer, None)


One = Callable[[np.uint64], np.uint64]
Two = Callable[[np.uint64, np.uint64], np.uint64]

load8: Callable[[np.uint64], np.uint8] = _of_one(_load(8), types.uint8)
"""The byte at an address."""

load32: Callable[[np.uint64], np.uint32] = _of_one(_load(32), types.uint32)
"""The four bytes at an address."""

load64: One = _of_one(_load(64))
"""The eight bytes at an address."""

store64: Callable[[np.uint64, np.uint64], None] = _of_two(_store, types.void)
"""Write eight bytes to an address."""

multiply_high: Two = _of_two(lambda builder, factors: _product(builder, factors)[1])
"""The upper half of the product of two numbers."""

multiply_fold: Two = _of_two(lambda builder, factors: builder.xor(*_product(builder, factors)))
"""Both halves of the product of two numbers, one over the other."""

swap_bytes: One = _of_one(lambda builder, value: builder.bswap(value))
"""A number with its bytes in the other order."""

trailing_zeros: One = _of_one(lambda builder, value: builder.cttz(value, ir.IntType(1)(0)))
"""How many bits lie below the lowest that is set; 64 of 0."""

leading_zeros: One = _of_one(lambda builder, value: builder.ctlz(value, ir.IntType(1)(0)))
"""How many bits lie above the highest that is set; 64 of 0."""

ones: One = _of_one(lambda builder, value: builder.ctpop(value))
"""How many bits of a number are set."""

prefetch: Callable[[np.uint64], None] = _of_one(_prefetch, types.void)
"""Have the processor fetch what lies at an address, without waiting for it."""
