"""Below which domain an item lies, and what would cover everything that lies there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

from optout.registry.errors import IdentifierError
from optout.registry.identifiers import Kind, canonical, registrable_domain
from starlette.requests import Request

from .items import Item

TakeBack: TypeAlias = Callable[[], None]
"""Counts no more what was counted: nothing came of it."""

Counted: TypeAlias = Callable[[Request, Sequence[Item]], AbstractContextManager[TakeBack]]
"""Counts what a request registers while that is done."""

ACCOUNTS = "accounts on "
"""What stands before the platform of accounts, which are counted apart."""


def uncounted(_request: Request, _items: Sequence[Item]) -> AbstractContextManager[TakeBack]:
    """Counts nothing."""
    return nullcontext(lambda: None)


def below(item: Item) -> str | None:
    """The registrable domain below which an item lies, or `accounts on` a platform.

    None of whatever lies nowhere, and of a site that is such a domain itself: naming it is what
    people are asked for.
    """
    if item.kind is Kind.ACCOUNT:
        platform, _, handle = item.understood.partition(":")
        _, at, server = handle.partition("@")
        return f"{ACCOUNTS}{registrable_domain(server) if at else platform}"
    if item.kind not in {Kind.URL, Kind.SITE, Kind.PREFIX}:
        return None
    host = item.understood.partition("/")[0]
    host = f"{host.partition(']')[0]}]" if host[0] == "[" else host.partition(":")[0]
    domain = registrable_domain(host)
    return None if item.kind is Kind.SITE and domain == host else domain


def instead(domain: str) -> str:
    """What one registers instead of many things below a domain: site, account, prefix or none."""
    if domain.startswith(ACCOUNTS):
        return "none"
    try:
        canonical(Kind.SITE, domain)
    except IdentifierError as fault:
        return "account" if "platform" in fault.message else "prefix"
    return "site"
