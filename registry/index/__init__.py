"""Finding candidates fast: sorted probes, and perceptual hashes within a radius.

Pure functions of numpy arrays: nothing here knows where the arrays come from.
"""

from . import fuse, membership
from .fuse import build_filter, check_filter, write_filter
from .membership import registered_among
from .probes import ProbeTable
from .radius import BruteForce, RadiusIndex, Within
from .tables import (
    COLUMNS,
    directory_bits,
    directory_of,
    directory_pieces,
    prefix_host_bits,
    prefix_hosts_of,
    table_of,
)

KERNELS = (fuse.KERNELS, membership.KERNELS)
"""The modules of compiled functions here."""

__all__ = [
    "COLUMNS",
    "KERNELS",
    "BruteForce",
    "ProbeTable",
    "RadiusIndex",
    "Within",
    "build_filter",
    "check_filter",
    "directory_bits",
    "directory_of",
    "directory_pieces",
    "prefix_host_bits",
    "prefix_hosts_of",
    "registered_among",
    "table_of",
    "write_filter",
]
