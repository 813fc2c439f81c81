"""Finding candidates: values that may be covered by an entry. Nothing is decided here."""

from .kernels import REACH, plain_kernels
from .scanning import LeafScan, scan_batch
from .states import Kernel, Scanned, State, Trace

__all__ = [
    "REACH",
    "Kernel",
    "LeafScan",
    "Scanned",
    "State",
    "Trace",
    "plain_kernels",
    "scan_batch",
]
