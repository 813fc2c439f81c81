"""Which column plays which role: by name, type and a look at values."""

from .detection import DetectedColumn
from .leaf import ROLES, Leaf, Role

__all__ = ["ROLES", "DetectedColumn", "Leaf", "Role"]
