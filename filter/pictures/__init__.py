"""Pictures in bulk: what a corpus' picture bytes are looked up by."""

from .data_url import is_picture_address, picture_of
from .features import NAMESPACE, Features, features

__all__ = ["NAMESPACE", "Features", "features", "is_picture_address", "picture_of"]
