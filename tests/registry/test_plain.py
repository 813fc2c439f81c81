"""What stands in the plain: no secret anywhere, and in no copy what anybody has said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import ANSWERS, CaseItem, Method, Reason, Repeat, Wish
from optout.registry.identifiers import Grade
from optout.registry.partners import Purpose
from optout.registry.store import tables
from optout.registry.store.shredding import unseal
from optout.registry.store.vault import Label
from sqlalchemy import select

from tests.registry.cases.conftest import CODE, NOW

LATER = NOW + timedelta(days=90)
SITE, OTHER = Identifier.site("anna.example"), Identifier.site("b.example")
SAID = {
    "item": "anna.example",
    "mailbox": "anna@mail.example",
    "proof": "proved.anna.example",
    "shown": "https://ANNA.example/",
    "note": "a note to the reviewer",
    "answer": "an answer of the reviewer",
    "statement": "a statement against it",
    "counter": "a statement for it",
    "covers": "Anna.Example/",
}
"""What people say, and the reviewer to one of them: nobody else may read it."""
SECRETS = {"key of a request": "5b2f6f3e-8d1c-4f0e-9a57-1f0f3a0f6d3c", "token": "token of a proof"}


@pytest.fixture
def secrets(registry: Registry) -> dict[str, str]:
    """Every secret of a registry that holds all of `SAID`."""
    repeat = Repeat.of(registry.derive(ANSWERS), "open", SECRETS["key of a request"], ["a"])
    items = [CaseItem(SITE, SAID["item"]), CaseItem(OTHER, "b.example")]
    (case,) = registry.cases.open_cases([items], {0: repeat}, NOW)
    assert case is not None
    mine, (at, other) = (case.number, case.secret), [entry.index for entry in case.entries]
    registry.contacts.put(*mine, SAID["mailbox"], CODE, language="en", wishes=Wish)
    registry.contacts.confirm(*mine, lambda contact: (True, contact.code), NOW)
    token = SECRETS["token"].encode()
    proof = registry.proofs.start(*mine, Method.DNS, SAID["proof"], token, now=NOW, expires=LATER)
    registry.proofs.record_proved(*mine, proof, [at], Grade.DOMAIN, now=NOW, expires=LATER)
    registry.sharing.show(*mine, at, SAID["shown"], SAID["note"], NOW)
    registry.sharing.show(*mine, other, "https://b.example/", "", NOW)
    registry.sharing.decline(other, SAID["answer"])
    notice = registry.notices.send(
        at, SITE, Reason.OTHER, SAID["statement"], NOW, shown=SAID["covers"]
    )
    registry.notices.counter(*mine, notice.number, SAID["counter"], NOW)
    _, key = registry.partners.make("Museum", Purpose.READ)
    # What is looked for is there: whoever may read it is told.
    shown = [*registry.sharing.of(*mine), *registry.proofs.of(*mine), *registry.notices.of(*mine)]
    told = repr([dict(_fields(one)) for one in [*shown, *registry.cases.read(*mine).items]])
    told += repr([dict(_fields(letter)) for letter in registry.news.due(LATER)])
    assert [what for what, said in SAID.items() if said not in told] == []
    return {**SECRETS, "case": case.secret, "notice": notice.secret, "partner": key.text}


def _fields(one: object) -> list[tuple[str, object]]:
    names = {name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())}
    return [(name, getattr(one, name)) for name in names]


def test_no_file_and_no_backup_holds_a_secret_or_what_people_said(
    database: Path, registry: Registry, secrets: dict[str, str], tmp_path: Path
) -> None:
    registry.backup(tmp_path / "kept")
    files = [*database.parent.iterdir(), tmp_path / "kept"]
    assert {"optout.db", "optout.vault", "optout.key", "kept"} <= {file.name for file in files}
    for file in files:
        data = file.read_bytes()
        assert [what for what, said in SAID.items() if said.encode() in data] == [], file.name
        for what, secret in secrets.items():
            forms = (secret, secret.replace("-", ""), secret.lower())
            assert [form for form in forms if form.encode() in data] == [], (file.name, what)


@pytest.mark.usefixtures("secrets")
def test_vault_and_database_do_not_open_the_words_of_a_case(registry: Registry) -> None:
    words = [SAID["item"], "b.example"]
    with registry._store.reading() as connection:
        rows = connection.execute(select(tables.sealed.c.entry, tables.sealed.c.box)).all()
        opened = [unseal(connection, Label.ENTRY, row.entry, "item", row.box) for row in rows]
    assert len(opened) == len(words)
    for plain in opened:
        assert plain is not None
        assert not [word for word in words if word.encode() in plain]
