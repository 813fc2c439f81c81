"""Whether something is the address of one mailbox that can be written to.

Narrower than RFC 5321, section 4.1.2: no quoted local parts, no address literals, and nothing that
would need SMTPUTF8 (RFC 6531), which many servers on the way do not speak.
"""

from __future__ import annotations

import re

import idna
from optout.api.errors import AddressRefused

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MOST_LOCAL = 64
_MOST = 254
_LIKE = "Write it like anna@anna.example."


def read_address(text: str) -> str:
    """The address of one mailbox, its domain in lower-case ASCII.

    Args:
        text: as a person typed it; white space around it does not matter.

    Raises:
        AddressRefused: it is none, or none that can be written to. The message does not quote it.
    """
    address = text.strip(" \t")
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in address):
        raise AddressRefused("the address holds a line end or control sign", _LIKE, "control")
    if any(sign in address for sign in ",;<>"):
        raise AddressRefused("the address is not that of one mailbox alone", _LIKE, "several")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise AddressRefused("the address has no part before or after an @", _LIKE, "no-address")
    if not local.isascii():
        raise AddressRefused(
            "the part before the @ has letters that many mail servers do not pass on",
            "Give an address whose first part has unaccented letters only.",
            "not-ascii",
        )
    if not _LOCAL.fullmatch(local):
        raise AddressRefused("the part before the @ is not understood", _LIKE, "local-part")
    if len(local) > _MOST_LOCAL:
        raise AddressRefused("the part before the @ is too long", _LIKE, "too-long")
    written = f"{local}@{_ascii(domain)}"
    if len(written) > _MOST:
        raise AddressRefused("the address is too long", _LIKE, "too-long")
    return written


def _ascii(domain: str) -> str:
    try:
        encoded = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        encoded = ""
    top = encoded.rpartition(".")[2]
    if "." not in encoded or encoded.endswith(".") or top.isdigit():
        raise AddressRefused("the part after the @ is no name of a mail domain", _LIKE, "domain")
    return encoded
