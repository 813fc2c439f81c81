"""Finding out whether somebody controls a domain, an account or a mailbox; without any database."""

from optout.api.errors import CannotAsk, CannotFetch, PageForbidden, Unprovable

from .accounts import (
    Endpoints,
    profile_of,
    provable_account,
    provable_platforms,
    prove_account,
)
from .challenge import TOKEN_BYTES, Challenge
from .codes import Code, Outcome, new_code, try_code
from .domains import (
    Proof,
    covering,
    covers,
    provable_domain,
    prove_by_file,
    prove_by_record,
    same_domain,
)
from .fetch import Fetcher, FetchLimits, Page, same_host
from .reach import REFUSED, IPAddress, Rule, is_public
from .resolver import DnsResolver, Resolver
from .results import Clock, NotFound, Proved, Result, Unreachable

__all__ = [
    "REFUSED",
    "TOKEN_BYTES",
    "CannotAsk",
    "CannotFetch",
    "Challenge",
    "Clock",
    "Code",
    "DnsResolver",
    "Endpoints",
    "FetchLimits",
    "Fetcher",
    "IPAddress",
    "NotFound",
    "Outcome",
    "Page",
    "PageForbidden",
    "Proof",
    "Proved",
    "Resolver",
    "Result",
    "Rule",
    "Unprovable",
    "Unreachable",
    "covering",
    "covers",
    "is_public",
    "new_code",
    "profile_of",
    "provable_account",
    "provable_domain",
    "provable_platforms",
    "prove_account",
    "prove_by_file",
    "prove_by_record",
    "same_domain",
    "same_host",
    "try_code",
]
