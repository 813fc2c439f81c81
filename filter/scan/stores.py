"""Writing to raw addresses, in compiled functions. That an address is theirs, they know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _store(bits: int) -> Any:  # noqa: ANN401  # numba's protocol, here and below
    def store(typing_context: Any, address: Any, value: Any) -> Any:  # noqa: ANN401, ARG001
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            kind = ir.IntType(bits)
            pointer = builder.inttoptr(arguments[0], kind.as_pointer())
            value = arguments[1] if bits == 64 else builder.trunc(arguments[1], kind)
            builder.store(value, pointer).align = 1
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64), generate

    return intrinsic(store)


store8: Callable[[np.uint64, np.uint64], None] = _store(8)
"""Write the lowest byte of a uint64 to an address."""

store64: Callable[[np.uint64, np.uint64], None] = _store(64)
"""Write a uint64 to an address, little-endian."""
