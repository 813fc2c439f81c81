"""What people register, in the one form in which it is compared: canonical form, digest, probe."""

from .address import CANONICALISER_VERSION
from .forms import canonical
from .identifier import Identifier
from .keys import Key, file_key, sha256_of, url_keys
from .kinds import DEFAULT_USAGE, USAGES, Grade, Kind, usage_mask
from .sites import PUBLIC_SUFFIX_DATE

__all__ = [
    "CANONICALISER_VERSION",
    "DEFAULT_USAGE",
    "PUBLIC_SUFFIX_DATE",
    "USAGES",
    "Grade",
    "Identifier",
    "Key",
    "Kind",
    "canonical",
    "file_key",
    "sha256_of",
    "url_keys",
    "usage_mask",
]
