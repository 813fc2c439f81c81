"""Everything that may cover an address, in canonical forms: what to ask for to know of it.

`url_keys` finds the same for a corpus, as keys alone and faster; both are held equal by a test.
"""

from __future__ import annotations

from .accounts import address_accounts
from .address import read_address
from .keys import sites_above
from .kinds import Kind
from .prefixes import paths_above


def url_forms(text: str) -> list[tuple[Kind, str]] | None:
    """The canonical forms of everything that may cover an address.

    Args:
        text: the address as somebody wrote it.

    Returns:
        kinds and forms: the address itself, then the sites above it, the narrowest first, the
        prefixes above it, the deepest first, and the accounts on known platforms that it belongs
        to; None where the value is no http or https address.
    """
    address = read_address(text)
    if address is None:
        return None
    place = f"{address.host}{address.port}"
    forms = [(Kind.URL, str(address))]
    forms += [(Kind.SITE, site) for site in sites_above(address.host)]
    if len(address.target) > 1:
        forms += [(Kind.PREFIX, f"{place}{path}") for path in paths_above(address.target)]
    return forms + [(Kind.ACCOUNT, account) for account in address_accounts(address)]
