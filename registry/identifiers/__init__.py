"""What people register, in the one form in which it is compared: canonical form, digest, probe."""

from .address import CANONICALISER_VERSION
from .composing import nfkc
from .covering import url_forms
from .forms import canonical
from .identifier import Identifier
from .key_columns import KeyColumns
from .keys import (
    Key,
    account_keys,
    file_key,
    key_of,
    md5_key,
    sha256_of,
    text_key,
    url_keys,
    work_keys,
)
from .kinds import DEFAULT_USAGE, USAGES, Grade, Kind, usage_mask
from .matter import PDQ_VERSION, VERSIONS
from .passages import LEAST_CHARACTERS, fold_text
from .platforms import PLATFORMS, AccountPlace, Platform, account_places
from .prefixes import MAX_DEPTH
from .sites import PUBLIC_SUFFIX_DATE, registrable_domain
from .variants import close_variants
from .works import SCHEMES, work_form

__all__ = [
    "CANONICALISER_VERSION",
    "DEFAULT_USAGE",
    "LEAST_CHARACTERS",
    "MAX_DEPTH",
    "PDQ_VERSION",
    "PLATFORMS",
    "PUBLIC_SUFFIX_DATE",
    "SCHEMES",
    "USAGES",
    "VERSIONS",
    "AccountPlace",
    "Grade",
    "Identifier",
    "Key",
    "KeyColumns",
    "Kind",
    "Platform",
    "account_keys",
    "account_places",
    "canonical",
    "close_variants",
    "file_key",
    "fold_text",
    "key_of",
    "md5_key",
    "nfkc",
    "registrable_domain",
    "sha256_of",
    "text_key",
    "url_forms",
    "url_keys",
    "usage_mask",
    "work_form",
    "work_keys",
]
