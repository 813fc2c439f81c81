"""Finding candidates: values that may be covered by an entry. Nothing is decided here."""

from .kernels import (
    KERNELS,
    are_compiled,
    are_hashed_twice,
    kernels_for,
    modules_for,
    plain_kernels,
)
from .scanning import Hits, LeafScan, scan_batch, stretches
from .states import Kernel, RegisteredKeys, Scanned, State, Trace
from .words import held_kinds, radius_in
from .written import HASHES, is_meant, keys_of, reach, written

__all__ = [
    "HASHES",
    "KERNELS",
    "Hits",
    "Kernel",
    "LeafScan",
    "RegisteredKeys",
    "Scanned",
    "State",
    "Trace",
    "are_compiled",
    "are_hashed_twice",
    "held_kinds",
    "is_meant",
    "kernels_for",
    "keys_of",
    "modules_for",
    "plain_kernels",
    "radius_in",
    "reach",
    "scan_batch",
    "stretches",
    "written",
]
