"""Sixteen sketches compared at once: what compiled functions scan postings by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

Inside = Any
"""What the compiler hands to its own extensions."""

LANES = 16

_SKETCH = ir.IntType(16)
_NUMBER = ir.IntType(32)
_WORD = ir.IntType(64)
_SKETCHES = ir.VectorType(_SKETCH, LANES)
_ONES = f"llvm.ctpop.v{LANES}i16"


def _everywhere(builder: Inside, value: Inside) -> Inside:
    """A sketch in every lane."""
    nothing = ir.Constant(_SKETCHES, ir.Undefined)
    one = builder.insert_element(nothing, builder.trunc(value, _SKETCH), _NUMBER(0))
    first = ir.Constant(ir.VectorType(_NUMBER, LANES), [0] * LANES)
    return builder.shuffle_vector(one, nothing, first)


def _emit(_context: Inside, builder: Inside, _signature: Inside, arguments: Inside) -> Inside:
    address, sketch, most = arguments
    held = builder.load(builder.inttoptr(address, _SKETCHES.as_pointer()))
    held.align = 1
    ones = builder.module.globals.get(_ONES) or ir.Function(
        builder.module, ir.FunctionType(_SKETCHES, [_SKETCHES]), _ONES
    )
    differing = builder.call(ones, [builder.xor(held, _everywhere(builder, sketch))])
    alike = builder.icmp_unsigned("<=", differing, _everywhere(builder, most))
    return builder.zext(builder.bitcast(alike, ir.IntType(LANES)), _WORD)


def _of_three() -> Inside:
    def declared(_typing: Inside, _address: Inside, _sketch: Inside, _most: Inside) -> Inside:
        return types.uint64(types.uint64, types.uint64, types.uint64), _emit

    return intrinsic(declared)


alike: Callable[[np.uint64, np.uint64, np.uint64], np.uint64] = _of_three()
"""Which of the sixteen sketches at an address differ from one in at most so many bits: bit i is set
for the i-th. That all 32 bytes lie inside a buffer is the caller's to know."""
