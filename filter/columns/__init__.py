"""Which column plays which role, and how its values are taken out of a batch."""

from .detection import DetectedColumn, Sample, detect
from .leaf import ROLES, Leaf, Role
from .values import carries, fits, is_bytes, is_text, leaf_types, leaf_values

__all__ = [
    "ROLES",
    "DetectedColumn",
    "Leaf",
    "Role",
    "Sample",
    "carries",
    "detect",
    "fits",
    "is_bytes",
    "is_text",
    "leaf_types",
    "leaf_values",
]
