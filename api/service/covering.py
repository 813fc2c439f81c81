"""Which items of a case a proof covers, by what the case shows its owner."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from optout.api.proofs import Unprovable, covering, provable_account, provable_domain
from optout.registry.cases import Case, CaseEntry, Method
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import Grade, Kind, canonical

_PLACES = (Kind.URL, Kind.SITE, Kind.PREFIX)
_SHOWN = 5
"""Subjects, and items of each, that advice names."""

GIVES = {
    Method.DNS: Grade.DOMAIN,
    Method.FILE: Grade.DOMAIN,
    Method.ACCOUNT: Grade.ACCOUNT,
}
"""By the method of a proof, the grade that its items have from it."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to prove items of a case.

    Attributes:
        method: how.
        subject: what is to be proved: a host, or an account.
        items: the entries in force that it covers.
    """

    method: Method
    subject: str
    items: list[int]


class Coverage:
    """What proofs cover of a case; each item is understood once, however many proofs there are.

    Args:
        case: as its owner sees it.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._by_method: dict[Method, dict[str, list[int]]] = {}

    def of(self, method: Method, subject: str) -> list[int]:
        """The entries in force that a proof covers."""
        found = self._by_method.get(method)
        if found is None:
            found = self._by_method[method] = {}
            for item, form in self._forms:
                for each in covering(method, item.kind, form):
                    found.setdefault(each, []).append(item.index)
        return sorted(found.get(subject, []))

    def advice(self, method: Method) -> str:
        """What somebody can do who wanted to prove what covers nothing.

        Hosts are named as the items name them: a record of a name above covers them too.
        """
        could = sorted({subject for item in self._forms if (subject := _subject(method, *item))})
        if not could:
            return "No item of this case can be proved in this way."
        named = [f"{subject} ({_items(self.of(method, subject))})" for subject in could[:_SHOWN]]
        more = " and more" if len(could) > _SHOWN else ""
        return f"Of this case can be proved in this way: {', '.join(named)}{more}."

    def ways(self) -> list[Way]:
        """How items in force can be proved: hosts by their own name, and by the widest above it."""
        found: dict[tuple[Method, str], None] = {}
        for item, form in self._forms:
            for method in Method:
                subject = _subject(method, item, form)
                names = [_widest(item.kind, form), subject] if method == Method.DNS else [subject]
                found.update(dict.fromkeys((method, name) for name in names if subject and name))
        return [Way(method, name, self.of(method, name)) for method, name in found]

    @cached_property
    def _forms(self) -> list[tuple[CaseEntry, str]]:
        found = []
        for item in self._case.items:
            if not item.status.in_force or item.kind not in {*_PLACES, Kind.ACCOUNT}:
                continue
            try:
                found.append((item, canonical(item.kind, item.shown)))
            except IdentifierError:  # what could be registered once, and is refused by now
                continue
        return found


def ways_of(case: Case) -> list[Way]:
    """How the items of a case can be proved."""
    return Coverage(case).ways()


def _widest(kind: Kind, form: str) -> str:
    """The shortest name whose record would cover an item; empty where there is none."""
    for name in sorted(covering(Method.DNS, kind, form), key=len):
        try:
            return provable_domain(name)
        except Unprovable:
            continue
    return ""


def _subject(method: Method, item: CaseEntry, form: str) -> str:
    """What somebody would prove to cover an item; empty where nothing can be."""
    try:
        if method == Method.ACCOUNT:
            return provable_account(form if item.kind == Kind.ACCOUNT else f"https://{form}")
        if item.kind == Kind.ACCOUNT:
            return ""
        host = provable_domain(form.partition("/")[0])
    except Unprovable:
        return ""
    return host if host in covering(method, item.kind, form) else ""


def _items(indexes: list[int]) -> str:
    named = ", ".join(map(str, indexes[:_SHOWN])) + (" …" if len(indexes) > _SHOWN else "")
    return f"items {named}" if len(indexes) > 1 else f"item {named}"
