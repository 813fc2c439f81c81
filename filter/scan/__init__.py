"""Finding candidates: values that may be covered by an entry. Nothing is decided here."""

from .kernels import plain_kernels, radius_in
from .scanning import LeafScan, scan_batch
from .states import Kernel, Scanned, State, Trace
from .written import HASHES, is_meant, keys_of, reach, written

__all__ = [
    "HASHES",
    "Kernel",
    "LeafScan",
    "Scanned",
    "State",
    "Trace",
    "is_meant",
    "keys_of",
    "plain_kernels",
    "radius_in",
    "reach",
    "scan_batch",
    "written",
]
