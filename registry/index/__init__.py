"""Finding candidates fast: sorted probes, and perceptual hashes within a radius.

Pure functions of numpy arrays: nothing here knows where the arrays come from.
"""

from . import fuse, membership, multi_index, postings
from .fuse import build_filter, check_filter, write_filter
from .membership import registered_among
from .multi_index import MultiIndex, radius_index
from .pigeonhole import Chunks
from .postings import UnknownLayoutError, built, write_postings
from .probes import ProbeTable
from .radius import BruteForce, RadiusIndex, Within
from .replay import replay
from .tables import (
    COLUMNS,
    directory_bits,
    directory_of,
    directory_pieces,
    prefix_host_bits,
    prefix_hosts_of,
    table_of,
)

KERNELS = (*multi_index.KERNELS, fuse.KERNELS, membership.KERNELS, postings.KERNELS)
"""The modules of compiled functions here."""

__all__ = [
    "COLUMNS",
    "KERNELS",
    "BruteForce",
    "Chunks",
    "MultiIndex",
    "ProbeTable",
    "RadiusIndex",
    "UnknownLayoutError",
    "Within",
    "build_filter",
    "built",
    "check_filter",
    "directory_bits",
    "directory_of",
    "directory_pieces",
    "prefix_host_bits",
    "prefix_hosts_of",
    "radius_index",
    "registered_among",
    "replay",
    "table_of",
    "write_filter",
    "write_postings",
]
