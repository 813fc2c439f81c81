"""Which column plays which role, and how its values are taken out of a batch."""

from .arrays import arrow_numbers, arrow_words
from .detection import DetectedColumn, Sample, detect
from .features import FEATURES
from .leaf import ROLES, SCHEMES, Leaf, Role, base_role, checked_role
from .paths import JSON, REST, is_below, nodes
from .values import (
    LeafValues,
    carries,
    fits,
    is_bytes,
    is_text,
    leaf_columns,
    leaf_types,
    leaf_values,
    text_columns,
)

__all__ = [
    "FEATURES",
    "JSON",
    "REST",
    "ROLES",
    "SCHEMES",
    "DetectedColumn",
    "Leaf",
    "LeafValues",
    "Role",
    "Sample",
    "arrow_numbers",
    "arrow_words",
    "base_role",
    "carries",
    "checked_role",
    "detect",
    "fits",
    "is_below",
    "is_bytes",
    "is_text",
    "leaf_columns",
    "leaf_types",
    "leaf_values",
    "nodes",
    "text_columns",
]
