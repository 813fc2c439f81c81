"""Functions compiled to machine code: once for every machine, and kept.

A module of kernels is imported through `kernels`, never by itself, so that nothing that needs none
waits for a compiler. Its functions are declared with `compiled`; parts of them with `shared`,
`inlined` and `fused`.
"""

from .ahead import prepare, warm
from .loading import (
    PLAIN,
    Announce,
    available,
    compiled,
    fused,
    inlined,
    kernels,
    on_compile,
    own_process,
    shared,
)

__all__ = [
    "PLAIN",
    "Announce",
    "available",
    "compiled",
    "fused",
    "inlined",
    "kernels",
    "on_compile",
    "own_process",
    "prepare",
    "shared",
    "warm",
]
