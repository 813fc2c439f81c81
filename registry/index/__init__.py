"""Finding candidates fast: sorted probes, and perceptual hashes within a radius.

Pure functions of numpy arrays: nothing here knows where the arrays come from.
"""

from .probes import ProbeTable
from .radius import BruteForce, RadiusIndex, Within

__all__ = ["BruteForce", "ProbeTable", "RadiusIndex", "Within"]
