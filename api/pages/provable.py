"""What pages offer to prove: each site once, and nothing that is shared by many people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optout.api.service import GIVES, ShownProof, Way
from optout.registry.cases import Case, Method, ProofState
from optout.registry.identifiers import registrable_domain

SHARED = frozenset(
    (
        "1drv.ms",
        "academia.edu",
        "adobe.com",
        "alamy.com",
        "amazon.com",
        "amazonaws.com",
        "archive.org",
        "arxiv.org",
        "cara.app",
        "doi.org",
        "dropbox.com",
        "etsy.com",
        "eyeem.com",
        "fandom.com",
        "fineartamerica.com",
        "furaffinity.net",
        "gettyimages.com",
        "goodreads.com",
        "google.com",
        "googleusercontent.com",
        "gumroad.com",
        "icloud.com",
        "imgur.com",
        "issuu.com",
        "istockphoto.com",
        "ko-fi.com",
        "linktr.ee",
        "live.com",
        "lulu.com",
        "newgrounds.com",
        "openlibrary.org",
        "photobucket.com",
        "redbubble.com",
        "researchgate.net",
        "saatchiart.com",
        "scribd.com",
        "shutterstock.com",
        "smashwords.com",
        "smugmug.com",
        "society6.com",
        "spotify.com",
        "wikimedia.org",
        "wikipedia.org",
        "zenfolio.com",
    )
)
"""Domains below which strangers publish side by side, beyond the platforms that the registry knows:
none of them can place a record or a file there. Whoever runs one can prove it by the API."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A site or an account, and how it can be proved.

    Attributes:
        name: a host, or an account such as `github:anna`.
        ways: by which it, or a host of it, can be proved.
    """

    name: str
    ways: tuple[Way, ...]

    @property
    def items(self) -> list[int]:
        """The entries that would be stronger."""
        return sorted({index for way in self.ways for index in way.items})

    @property
    def is_account(self) -> bool:
        """Whether it is an account."""
        return any(way.method == Method.ACCOUNT for way in self.ways)

    def is_named(self, name: str) -> bool:
        """Whether it is meant by a name: its own, or that of a host of it."""
        return name == self.name or any(way.subject == name for way in self.ways)


def subjects_of(
    case: Case, ways: Sequence[Way], proofs: Sequence[ShownProof] = ()
) -> list[Subject]:
    """What can be proved to make items of a case stronger; what is under way is left out.

    Args:
        case: as it stands.
        ways: how its items can be proved.
        proofs: that stand, or have begun.
    """
    grades = {item.index: item.grade for item in case.items}
    begun = [shown for shown in proofs if shown.proof.state == ProofState.ASKED]
    found: dict[str, list[Way]] = {}
    for way in ways:
        given = GIVES[way.method].rank
        raised = [index for index in way.items if grades[index].rank < given]
        if raised and not _is_shared(way) and not _has_begun(way.subject, raised, begun):
            found.setdefault(way.subject, []).append(Way(way.method, way.subject, raised))
    return [Subject(name, tuple(each)) for name, each in _gathered(found).items()]


def _gathered(found: Mapping[str, list[Way]]) -> dict[str, list[Way]]:
    """Hosts, with those of a domain whose record proves all of their items beside it."""
    gathered: dict[str, list[Way]] = {}
    for name, ways in found.items():
        home = _home(ways[0])
        record = next((way for way in found.get(home, ()) if way.method == Method.DNS), None)
        covered = record is not None and all(set(way.items) <= set(record.items) for way in ways)
        if covered and name != home:
            files = [way for way in ways if way.method == Method.FILE]
            gathered.setdefault(home, []).extend(files)
        else:
            gathered.setdefault(name, [])[:0] = ways
    return gathered


def _has_begun(name: str, items: Sequence[int], begun: Sequence[ShownProof]) -> bool:
    return any(
        shown.proof.subject == name
        or (shown.proof.method == Method.DNS and set(items) <= set(shown.items))
        for shown in begun
    )


def _home(way: Way) -> str:
    """The domain that somebody has registered; an account is its own."""
    return way.subject if way.method == Method.ACCOUNT else registrable_domain(way.subject)


def _is_shared(way: Way) -> bool:
    return way.method != Method.ACCOUNT and _home(way) in SHARED
