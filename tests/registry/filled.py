"""A registry that has something of everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, Method, OpenedNotice, Reason, Wish
from optout.registry.identifiers import Grade
from optout.registry.log import SigningKey
from optout.registry.partners import Partner, Purpose, Report

from tests.registry.cases.conftest import CODE, NOW

LATER = NOW + timedelta(days=90)


@dataclass(frozen=True)
class Filled:
    """A registry with something in every table, and what one needs to ask for it."""

    number: str
    secret: str
    entry: int
    proof: str
    notice: OpenedNotice
    reader: str
    sender: Partner
    report: Report

    @classmethod
    def of(cls, registry: Registry) -> Filled:
        site = Identifier.site("anna.example")
        case = registry.cases.open_case([CaseItem(site, "Anna")])
        number, secret, at = case.number, case.secret, case.entries[0].index
        registry.contacts.put(number, secret, "a@b.example", CODE, language="en", wishes=Wish)
        registry.contacts.confirm(number, secret, lambda contact: (True, contact.code), NOW)
        proof = registry.proofs.start(
            number, secret, Method.DNS, "anna.example", b"t", now=NOW, expires=LATER
        )
        registry.proofs.record_proved(
            number, secret, proof, [at], Grade.DOMAIN, now=NOW, expires=LATER
        )
        registry.sharing.show(number, secret, at, "https://anna.example/", "mine", NOW)
        notice = registry.notices.send(at, site, Reason.OTHER, "why", NOW)
        registry.notices.counter(number, secret, notice.number, "no", NOW)
        _, reader = registry.partners.make("Museum", Purpose.READ)
        verifier = str(SigningKey.generate("museum.example").verifier)
        sender, _ = registry.partners.make("Museum", Purpose.REPORT, verifier=verifier)
        size, root = registry.size, registry.root().hex()
        report = Report("Corpus", "2026-03-02", registry.origin, size, root, {at: 1}, b"one")
        registry.reports.keep(sender, report)
        registry.uploads.start("a", sender, "url", "csv", takes_back=False)
        return cls(number, secret, at, proof, notice, reader.text, sender, report)
