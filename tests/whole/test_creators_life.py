"""A creator's whole life with the registry, over its API: from the first no to the last trace.

One story for each database: a real server, a real mail server, a real
name server, our own commands for whoever filters, reports, reviews and keeps backups.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uvicorn
from optout.api.http.app import build
from optout.api.http.server import address_of, listen, server_of
from optout.api.mail import Post, SmtpMailer
from optout.api.settings import Settings
from optout.filter.evidence import operator_key
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseNotFound
from optout.registry.partners import Purpose

from tests.api.mail.boxes import Handler, keeping, serving_apart
from tests.api.proofs.world import World, world

PASSAGE = "The harbour was quiet in the morning, and nobody had yet counted the boats, {}."


@dataclass
class Life:
    """What one creator knows and holds, and where the world stands.

    Attributes:
        client: talks to the service.
        location: of the registry.
        folder: everything on disk that is not the PostgreSQL server's.
        databases: folders in which a database lies.
        world: DNS and pages.
        box: letters as they came.
        word: stands in everything that is registered, and nowhere else.
        log: what the service has logged.
    """

    client: httpx2.Client
    location: str
    folder: Path
    databases: list[Path]
    world: World
    box: Handler
    word: str
    log: list[str] = field(default_factory=list)
    case: str = ""
    secret: str = ""
    code: str = ""
    items: dict[str, int] = field(default_factory=dict)
    """Entries, by what was given."""

    backups: list[Path] = field(default_factory=list)
    traces: set[bytes] = field(default_factory=set)

    @property
    def domain(self) -> str:
        return f"{self.word}.example"

    @property
    def mailbox(self) -> str:
        return f"anna@mail-{self.word}.example"

    @property
    def given(self) -> list[dict[str, str]]:
        """Twelve things of every kind that can be sent as JSON."""
        hashed = hashlib.sha256(self.word.encode())
        bits = ["0"] * 128 + ["1"] * 127
        random.Random(self.word).shuffle(bits)
        picture = f"{int('1' + ''.join(bits), 2):064x}"  # half of the bits, as every picture has
        return [
            {"kind": "site", "value": self.domain},
            {"kind": "url", "value": f"https://{self.domain}/harbour.jpg"},
            {"kind": "url", "value": f"https://gallery.example/{self.word}/1.jpg"},
            {"kind": "url", "value": f"https://gallery.example/{self.word}/2.jpg"},
            {"kind": "prefix", "value": f"https://press.example/{self.word}/"},
            {"kind": "account", "value": f"github:{self.word}"},
            {"kind": "account", "value": f"instagram:{self.word}"},
            {"kind": "work", "value": "isbn:9780306406157"},
            {"kind": "text", "value": PASSAGE.format(self.word)},
            {"kind": "file", "sha256": hashed.hexdigest()},
            {"kind": "file", "md5": hashlib.md5(self.word.encode()).hexdigest()},
            {"kind": "image", "phash256": picture},
        ]

    def ask(self, method: str, path: str = "", expect: int = 200, **rest: Any) -> Any:
        """What the API answers about the case."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        answer = self.client.request(
            method, f"/v1/cases/{self.case}{path}", headers=headers, **rest
        )
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def item(self, value: str) -> dict[str, Any]:
        """How one item stands."""
        shown = self.ask("GET")["items"]
        return next(item for item in shown if item["index"] == self.items[value])

    def records(self) -> list[dict[str, Any]]:
        """The public log."""
        answer = self.client.get("/v1/log", params={"limit": 1000})
        return [record["record"] for record in answer.json()["records"]]


@contextmanager
def _served(app: Any) -> Iterator[str]:
    """The application on a real server, in a thread."""
    begun = threading.Event()
    with listen("127.0.0.1", 0) as listener:
        server: uvicorn.Server = server_of(app, begun.set)
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        assert begun.wait(30)
        try:
            yield address_of(listener)
        finally:
            server.should_exit = True
            thread.join(30)


class _Kept(logging.Handler):
    """Keeps all that anybody logs."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("httpx2", "httpcore2", "mail.")):
            return  # who asks here, and the mail server
        self._lines.append(f"{record.name} {self.format(record)} {record.__dict__}")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def life(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    environment: dict[str, str],
) -> Iterator[Life]:
    """A service that has just begun."""
    folder = tmp_path_factory.mktemp("life")
    keys = folder / "keys"
    keys.mkdir()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("OPTOUT_KEYS", str(keys))
        patch.setitem(environment, "OPTOUT_KEYS", str(keys))
        if request.param == "sqlite":
            location = str(keys / "optout.db")
            Registry.create(location, origin="log.example/test").close()
            databases = [keys]
        else:
            server = request.getfixturevalue("postgres")
            location = server.new_registry(keys)
            stack.callback(server.drop, location)
            databases = [keys, server.data]
        patch.setenv("OPTOUT_REGISTRY", location)
        there = stack.enter_context(world(folder))
        box = Handler()
        port = stack.enter_context(serving_apart(keeping(box)))
        settings = Settings(
            registry=location,
            public_url="https://optout.example",
            state=folder / "state",
            published=folder / "published",
            limits={"publish_seconds": 0},
        )
        outside = replace(
            there.outside,
            mailer=SmtpMailer("127.0.0.1", port, security="none"),
            post=Post("optout@optout.example", "https://optout.example", there.outside.clock),
        )
        lines: list[str] = []
        kept = _Kept(lines)
        for name in (None, "optout.api", "optout.api.http"):
            patch.setattr(logging.getLogger(name), "level", logging.DEBUG)
            logging.getLogger(name).addHandler(kept)
            stack.callback(logging.getLogger(name).removeHandler, kept)
        app = build(location, settings.published, None, settings.limits, settings, outside)
        address = stack.enter_context(_served(app))
        client = stack.enter_context(httpx2.Client(base_url=address, timeout=30))
        word = f"w{secrets.token_hex(8)}"
        yield Life(client, location, folder, databases, there, box, word, lines)


def twelve_things_are_said_no_for_at_once(life: Life) -> None:
    answer = life.client.post("/v1/cases", json={"items": life.given})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    life.case, life.secret = told["case"], told["secret"]
    values = [list(item.values())[1] for item in life.given]
    life.items = dict(zip(values, (item["index"] for item in told["items"]), strict=True))
    assert len(set(life.items.values())) == 12
    assert {item["state"] for item in told["items"]} == {"in-force"}
    with Registry.open(life.location) as registry:
        for opening in registry.openings():
            identifier = opening.identifier()
            life.traces |= {opening.salt, identifier.digest, opening.matter}
            life.traces |= {opening.salt.hex().encode(), identifier.digest.hex().encode()}
    life.traces |= {life.word.encode(), life.secret.encode(), life.secret.replace("-", "").encode()}
    life.traces |= {PASSAGE.format(life.word).encode(), life.mailbox.encode()}


def an_address_is_confirmed_by_the_code_that_was_sent_there(life: Life) -> None:
    wanted = {"address": life.mailbox, "language": "fr"}
    assert life.ask("PUT", "/contact", 202, json=wanted)["confirmed"] is False
    letter = life.box.wait_for(life.mailbox)
    life.code = re.findall(r"\b\d{8}\b", letter.get_content())[0]
    told = life.ask("POST", "/contact/confirmations", json={"code": life.code})
    assert told["confirmed"] is True
    assert life.case in life.box.wait_for(life.mailbox, 2)["Subject"]


def a_domain_is_proved_by_a_record_and_the_grades_rise_in_the_log(life: Life) -> None:
    proof = life.ask("POST", "/proofs", 201, json={"method": "dns", "domain": life.domain})
    path = f"/proofs/{proof['id']}/checks"
    assert life.ask("POST", path)["found"] is False
    life.world.place(proof["place"])
    told = life.ask("POST", path)
    raised = {life.items[life.domain], life.items[f"https://{life.domain}/harbour.jpg"]}
    assert told["found"] is True
    assert set(told["raised"]) == raised
    steps = [record for record in life.records() if record["op"] == "grade"]
    assert {step["entry"] for step in steps} == raised
    assert {step["grade"] for step in steps} == {"domain"}
    assert life.item(life.domain)["grade"] == "domain"
    assert life.domain in life.box.wait_for(life.mailbox, 3).get_content()


def a_reviewer_who_is_shown_an_item_can_raise_it(life: Life, optout: Callable) -> None:
    entry = life.items["isbn:9780306406157"]
    note = f"my own book, says {life.word}"
    shown = {"value": "isbn:9780306406157", "note": note}
    life.ask("PUT", f"/items/{entry}/review", 202, json=shown)
    optout("review", "accept", entry, "--registry", life.location)
    assert life.item("isbn:9780306406157")["grade"] == "reviewed"


def snapshot_of(life: Life, folder: Path) -> Path:
    """The service's snapshot, fetched file by file."""
    manifest = life.client.get("/snapshot/snapshot.json")
    for path in (*manifest.json()["files"], "snapshot.json"):
        answer = life.client.get(f"/snapshot/{path}")
        assert answer.status_code == 200, path
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(answer.content)
    return folder


def shard(life: Life, folder: Path) -> tuple[Path, list[str], list[str]]:
    """A corpus: the rows that go, and those that stay."""
    gone = [
        f"https://www.{life.domain}/other.html",
        f"https://{life.domain}/harbour.jpg?size=large",
        f"https://gallery.example/{life.word}/1.jpg",
        f"https://press.example/{life.word}/2026/page.html",
        f"https://github.com/{life.word}/boats",
    ]
    stays = [
        f"https://gallery.example/{life.word}/3.jpg",
        f"https://press.example/{life.word}s/page.html",
        *(f"https://nobody.example/{number}" for number in range(2000)),
    ]
    passage = PASSAGE.format(life.word)
    urls = [*gone, *stays, "https://copies.example/of-anna"]
    texts = [f"text {number} of this corpus, told by nobody" for number in range(len(urls) - 1)]
    folder.mkdir()
    pq.write_table(pa.table({"url": urls, "text": [*texts, passage]}), folder / "part-0.parquet")
    return folder, gone, stays


def the_next_snapshot_makes_a_filter_drop_them_and_its_report_is_shown(
    life: Life, optout: Callable, environment: dict[str, str]
) -> None:
    snapshot = snapshot_of(life, life.folder / "snapshot")
    corpus, _, stays = shard(life, life.folder / "corpus")
    clean = life.folder / "clean"
    key = life.client.get("/key").text.strip()
    optout("filter", corpus, "--snapshot", snapshot, "--out", clean, "--key", key)
    assert pq.read_table(clean / "part-0.parquet")["url"].to_pylist() == stays
    with pytest.MonkeyPatch.context() as patch, Registry.open(life.location) as registry:
        patch.delenv("OPTOUT_SIGNING_KEY", raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        verifier = str(operator_key().verifier)
        _, report = registry.partners.make("Harbour Models", Purpose.REPORT, verifier=verifier)
    optout("report", clean, "--corpus", "Boats 2026")
    (told,) = life.folder.glob("*.exclusions.json")
    head = {"Authorization": f"API {report.text}", "Content-Type": "application/json"}
    answer = life.client.post("/v1/reports", content=told.read_bytes(), headers=head)
    assert answer.status_code == 201, answer.text
    (claim,) = life.item(PASSAGE.format(life.word))["reports"]
    assert (claim["by"], claim["corpus"], claim["rows"]) == ("Harbour Models", "Boats 2026", 1)
    assert "Boats 2026" in life.box.wait_for(life.mailbox, 4).get_content()


def a_dispute_is_answered_and_decided(life: Life, optout: Callable) -> None:
    value = f"https://gallery.example/{life.word}/1.jpg"
    entry = life.items[value]
    notice = {
        "entry": entry,
        "item": {"kind": "url", "value": value},
        "reason": "licensed",
        "statement": f"We have bought it, says {life.word}.",
    }
    answer = life.client.post("/v1/notices", json=notice)
    assert answer.status_code == 201, answer.text
    sent = answer.json()
    assert life.item(value)["state"] == "disputed"
    life.traces |= {notice["statement"].encode(), sent["secret"].encode()}
    (seen,) = life.ask("GET", "/notices")["notices"]
    assert seen["statement"] == notice["statement"]
    counter = {"statement": f"They have not, says {life.word}."}
    life.ask("PUT", f"/notices/{seen['notice']}/counter", json=counter)
    listed = optout("review", "--registry", life.location).out
    assert seen["notice"] in listed
    because = "the licence was for printing alone"
    optout(
        *("review", "reject", seen["notice"]),
        *("--because", because, "--registry", life.location),
    )
    assert life.item(value)["state"] == "in-force"
    assert life.records()[-1]["op"] == "restore"
    head = {"Authorization": f"Bearer {sent['secret']}"}
    shown = life.client.get(f"/v1/notices/{sent['notice']}", headers=head).json()
    assert shown["state"] == "rejected"


def what_is_withdrawn_passes_again(life: Life, optout: Callable) -> None:
    path = life.folder / "before.backup"
    optout("backup", path, "--registry", life.location)
    life.backups.append(path)
    value = f"https://gallery.example/{life.word}/2.jpg"
    life.ask("POST", "/withdrawals", json={"items": [life.items[value]]})
    assert life.item(value)["state"] == "withdrawn"
    with Registry.open(life.location) as registry:
        assert life.items[value] not in {opening.index for opening in registry.openings()}


def after_the_erasure_nothing_is_left_anywhere(
    life: Life, optout: Callable, tmp_path: Path
) -> None:
    life.ask("DELETE", expect=204)
    head = {"Authorization": f"Bearer {life.secret}"}
    assert life.client.get(f"/v1/cases/{life.case}", headers=head).status_code == 404
    path = life.folder / "after.backup"
    optout("backup", path, "--registry", life.location)
    life.backups.append(path)
    ours = [*life.databases, life.folder / "published", life.folder / "state"]
    held = [file for place in ours for file in files(place)]
    assert found(life.traces, [*held, *life.backups]) == []
    secret = [*(trace.decode("latin-1") for trace in life.traces), life.code]
    assert [line for line in life.log if any(trace in line for trace in secret)] == []
    with Registry.open(life.location) as registry:
        check_gone(life, registry)
    for number, backup in enumerate(life.backups):
        again = tmp_path / str(number)
        again.mkdir()
        check_recovered(life, optout, backup, again)


def files(place: Path) -> list[Path]:
    found = (Path(top, name) for top, _, names in os.walk(place) for name in names)
    return [path for path in found if path.is_file()]


def found(traces: set[bytes], paths: list[Path]) -> list[tuple[bytes, Path]]:
    """Which of some bytes stand in which files."""
    told = []
    for path in paths:
        with suppress(FileNotFoundError):
            data = path.read_bytes()
            told += [(trace, path) for trace in traces if trace in data]
    return told


def check_gone(life: Life, registry: Registry) -> None:
    """Neither entries nor case nor address can be opened."""
    assert {opening.index for opening in registry.kept_openings()} & set(
        life.items.values()
    ) == set()
    assert registry.contacts.of(life.case) is None
    with pytest.raises(CaseNotFound):
        registry.cases.read(life.case, life.secret)


def check_recovered(life: Life, optout: Callable, backup: Path, folder: Path) -> None:
    """A registry made from a backup of any time knows as little."""
    kept = life.folder / "keys"
    (key,) = kept.glob("*.key")
    (vault,) = kept.glob("*.vault")
    for file, end in ((key, "key"), (vault, "vault")):
        (folder / f"optout.{end}").write_bytes(file.read_bytes())
    optout("recover", backup, "--registry", folder / "optout.db")
    with Registry.open(str(folder / "optout.db")) as registry:
        check_gone(life, registry)


def nothing_but_the_public_log_remembers(life: Life) -> None:
    ends = [record for record in life.records() if record["op"] == "erase"]
    assert {record["entry"] for record in ends} >= set(life.items.values())
    data = "\n".join(map(json.dumps, life.records()))
    assert not any(trace.decode("latin-1") in data for trace in life.traces)
    assert Identifier.site(life.domain).digest.hex() not in data
    assert socket.gethostname() not in data


def test_a_whole_life(
    life: Life, optout: Callable, environment: dict[str, str], tmp_path: Path
) -> None:
    twelve_things_are_said_no_for_at_once(life)
    an_address_is_confirmed_by_the_code_that_was_sent_there(life)
    a_domain_is_proved_by_a_record_and_the_grades_rise_in_the_log(life)
    a_reviewer_who_is_shown_an_item_can_raise_it(life, optout)
    the_next_snapshot_makes_a_filter_drop_them_and_its_report_is_shown(life, optout, environment)
    a_dispute_is_answered_and_decided(life, optout)
    what_is_withdrawn_passes_again(life, optout)
    after_the_erasure_nothing_is_left_anywhere(life, optout, tmp_path)
    nothing_but_the_public_log_remembers(life)
