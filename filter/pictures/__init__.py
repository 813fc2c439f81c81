"""Pictures in bulk: what a corpus' picture bytes are looked up by."""

from .data_url import is_picture_address, picture_of
from .features import NAMESPACE, PDQ, Features, features
from .proposals import KERNELS, Proposals, propose

__all__ = [
    "KERNELS",
    "NAMESPACE",
    "PDQ",
    "Features",
    "Proposals",
    "features",
    "is_picture_address",
    "picture_of",
    "propose",
]
