"""Pictures in bulk: what a corpus' picture bytes are looked up by."""

from .data_url import is_picture_address, picture_of
from .features import NAMESPACE, Features, features
from .proposals import KERNELS, MARGIN, Proposals, propose, small_greys

__all__ = [
    "KERNELS",
    "MARGIN",
    "NAMESPACE",
    "Features",
    "Proposals",
    "features",
    "is_picture_address",
    "picture_of",
    "propose",
    "small_greys",
]
