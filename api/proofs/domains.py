"""Proving a domain: by a record in its DNS, or by a file on one of its hosts.

A record proves the name it stands at and every name below; a file proves its host only, at the
usual port. Neither proves a name that strangers share, nor what lies below such a name: a record
of `amazonaws.com` says nothing about `anna.s3.amazonaws.com`.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from optout.api.errors import CannotAsk, CannotFetch, Unprovable
from optout.registry.cases import Method
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import Kind, canonical

from .challenge import Challenge
from .fetch import Fetcher
from .resolver import Resolver
from .results import Clock, NotFound, Proved, Result, Unreachable


@dataclass(frozen=True, slots=True)
class Proof:
    """Control that was proved.

    Attributes:
        method: how.
        subject: the host, or the account, in canonical form.
    """

    method: Method
    subject: str


def provable_domain(text: str) -> str:
    """The host that somebody wants to prove, in canonical form.

    Raises:
        Unprovable: it is no host, a public suffix, a shared platform, or a number.
    """
    try:
        host = canonical(Kind.SITE, text)
    except IdentifierError as error:
        raise Unprovable(error.message, error.advice) from error
    if _is_number(host):
        raise Unprovable(
            f"{host} is a number, not a name", "Prove the name under which people reach it."
        )
    return host


def same_domain(here: str, there: str) -> bool:
    """Whether two hosts stand below one name that one owner has registered."""
    common: list[str] = []
    for one, other in zip(here.split(".")[::-1], there.split(".")[::-1], strict=False):
        if one != other:
            break
        common.insert(0, one)
    return here == there or (bool(common) and _is_own(".".join(common)))


async def prove_by_record(challenge: Challenge, resolver: Resolver, clock: Clock) -> Result:
    """Look for the TXT record of a challenge.

    Raises:
        Unprovable: the subject can have none.
    """
    _checked(challenge)
    try:
        records = await resolver.texts(challenge.record_name)
    except CannotAsk as error:
        return Unreachable(str(error))
    if any(challenge.is_record(each, clock()) for each in records):
        return Proved()
    if not records:
        return NotFound(
            f"There is no TXT record at {challenge.record_name} yet. "
            "A new one can take an hour to be seen everywhere.",
            "no-record",
        )
    return NotFound(
        f"The TXT records at {challenge.record_name} are others, or their expiry is over. "
        "Copy the value whole, and check again once the old one is forgotten.",
        "other-record",
    )


async def prove_by_file(challenge: Challenge, fetcher: Fetcher) -> Result:
    """Look for the file of a challenge.

    Raises:
        Unprovable: the subject can have none.
    """
    _checked(challenge)
    try:
        page = await fetcher.fetch(challenge.file_address, same_domain)
    except CannotFetch as error:
        return Unreachable(str(error))
    if page.status >= 500 or page.status == 429:
        return Unreachable(
            f"{challenge.subject} answers with HTTP status {page.status}. "
            "Try again in a few minutes."
        )
    if page.status != 200:
        return NotFound(
            f"{challenge.subject} answers with HTTP status {page.status}. "
            "The file must stand at the address that is shown, for everybody to read.",
            "status",
            str(page.status),
        )
    if challenge.is_file(page.body):
        return Proved()
    return NotFound(
        f"The file on {challenge.subject} holds something else. "
        "Copy its line whole, as plain text.",
        "other-file",
    )


def covers(proof: Proof, kind: Kind, form: str) -> bool:
    """Whether a proof covers an item.

    Args:
        proof: what was proved.
        kind: of the item; others than `url`, `site`, `prefix` and `account` are never covered.
        form: the item in canonical form.
    """
    if proof.method == Method.ACCOUNT:
        return _account_of(kind, form) == proof.subject
    if kind not in {Kind.URL, Kind.SITE, Kind.PREFIX}:
        return False
    place = form.partition("/")[0]
    if proof.method == Method.FILE:
        # A site is all ports and every name below: more than one file on one host can say.
        return kind != Kind.SITE and place == proof.subject
    host = place.partition(":")[0]
    return _is_below(host, proof.subject)


def covering(method: Method, kind: Kind, form: str) -> frozenset[str]:
    """Every subject whose proof covers an item, for those who ask about many: as `covers` says.

    Args:
        method: how it would be proved.
        kind: of the item.
        form: the item in canonical form.
    """
    if method == Method.ACCOUNT:
        account = _account_of(kind, form)
        return frozenset([account] if account else [])
    if kind not in {Kind.URL, Kind.SITE, Kind.PREFIX}:
        return frozenset()
    place = form.partition("/")[0]
    if method == Method.FILE:
        return frozenset([place] if kind != Kind.SITE else [])
    host = place.partition(":")[0]
    names = [host]
    while "." in host and _is_own(host):
        host = host.partition(".")[2]
        names.append(host)
    return frozenset(names)


def _checked(challenge: Challenge) -> None:
    if provable_domain(challenge.subject) != challenge.subject:
        raise Unprovable(
            f"{challenge.subject} is not written in its canonical form",
            "Give the host alone, in lower case.",
        )


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_own(host: str) -> bool:
    try:
        return canonical(Kind.SITE, host) == host
    except IdentifierError:
        return False


def _is_below(host: str, owner: str) -> bool:
    if host == owner:
        return True
    if not host.endswith(f".{owner}"):
        return False
    above = host
    while above != owner:
        if not _is_own(above):
            return False
        above = above.partition(".")[2]
    return True


def _account_of(kind: Kind, form: str) -> str | None:
    """The account that an item is, or belongs to."""
    if kind == Kind.ACCOUNT:
        return form
    if kind not in {Kind.URL, Kind.SITE, Kind.PREFIX}:
        return None
    try:
        return canonical(Kind.ACCOUNT, f"https://{form}")
    except IdentifierError:
        return None
