"""What anybody may fetch."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from optout.api.errors import Busy
from optout.api.service import Publisher
from optout.registry.log import Checkpoint, VerifierKey
from optout.registry.registry import Registry

MANIFEST = "/snapshot/snapshot.json"


def register(client: TestClient, *urls: str) -> dict:
    items = [{"kind": "url", "value": url} for url in urls]
    answer = client.post("/v1/cases", json={"items": items})
    assert answer.status_code == 201
    return answer.json()


def owner(case: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {case['secret']}"}


def test_every_file_of_the_snapshot_can_be_fetched(client: TestClient) -> None:
    register(client, "anna.example/a")
    answer = client.get(MANIFEST)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    manifest = json.loads(answer.content)
    assert manifest["files"]
    for path, told in manifest["files"].items():
        file = client.get(f"/snapshot/{path}")
        assert file.status_code == 200
        assert len(file.content) == told["bytes"] == int(file.headers["content-length"])
        assert hashlib.sha256(file.content).hexdigest() == told["sha256"]
        assert file.headers["etag"] == f'"{told["sha256"]}"'
        assert file.headers["cache-control"] == "no-cache"


def test_who_has_a_file_already_is_not_sent_it_again(client: TestClient) -> None:
    tag = client.get(MANIFEST).headers["etag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client.get(MANIFEST, headers={"If-None-Match": header})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    assert client.get(MANIFEST, headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_was_registered_since_makes_another_snapshot(client: TestClient) -> None:
    tag = client.get(MANIFEST).headers["etag"]
    register(client, "anna.example/b")
    answer = client.get(MANIFEST, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag
    assert answer.json()["size"] == int(client.get("/checkpoint").text.split("\n")[1])


def test_files_of_the_snapshot_before_can_still_be_fetched(client: TestClient) -> None:
    before = client.get(MANIFEST).json()["files"]
    register(client, "anna.example/c")
    after = client.get(MANIFEST).json()["files"]
    own = {path for path in before if before[path] != after.get(path) and path not in after}
    for path in own:
        assert client.get(f"/snapshot/{path}").status_code == 200


def test_no_file_that_holds_what_was_erased_can_be_fetched(client: TestClient) -> None:
    case = register(client, "anna.example/to-be-erased")
    index = case["items"][0]["index"]
    held = client.get(MANIFEST).json()["files"]
    assert client.delete(f"/v1/cases/{case['case']}", headers=owner(case)).status_code == 204
    kept = [path for path in held if client.get(f"/snapshot/{path}").status_code == 200]
    assert kept == []
    files = client.get(MANIFEST).json()["files"]
    opened = client.get("/snapshot/audit/openings.jsonl").text.splitlines()
    assert index not in {json.loads(line)["index"] for line in opened}
    assert files != held


def published(database: Path) -> list[Path]:
    """The files of snapshots that lie on the disk."""
    folder = database.with_name(f"{database.name}.published")
    # A walk passes over what is removed while it goes on.
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def holding(database: Path, index: int) -> list[Path]:
    """The files on the disk, in which stands what an entry covers."""
    held = []
    for path in published(database):
        with suppress(FileNotFoundError):
            if b'"index":%d,' % index in path.read_bytes():
                held.append(path)
    return held


def is_gone(database: Path, index: int) -> bool:
    """Whether nothing on the disk tells what an entry covers; what is being made may end first."""
    end = time.monotonic() + 20
    while holding(database, index):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_no_file_that_holds_what_was_erased_stays_on_the_disk(
    serving: Callable, new_registry: Callable
) -> None:
    database = new_registry()
    with serving(database=database) as client:
        for tail in ("", "/items/{index}"):
            case = register(client, "anna.example/a", "anna.example/b")
            index = case["items"][0]["index"]
            client.get(MANIFEST)
            assert holding(database, index)
            client.delete(
                f"/v1/cases/{case['case']}{tail.format(index=index)}", headers=owner(case)
            )
            assert is_gone(database, index)
        client.get(MANIFEST)
    assert not published(database)


def test_what_another_process_erases_leaves_the_disk_by_and_by(
    serving: Callable, new_registry: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout.api.http.app._WATCH_SECONDS", 0.05)
    database = new_registry()
    with serving(database=database) as client:
        index = register(client, "anna.example/a")["items"][0]["index"]
        client.get(MANIFEST)
        assert holding(database, index)
        with Registry.open(database) as registry:
            registry.erase([index])
        assert is_gone(database, index)


def test_what_another_process_erases_leaves_the_disk_while_a_snapshot_is_built(
    serving: Callable, new_registry: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout.api.http.app._WATCH_SECONDS", 0.05)
    building, let, renew = threading.Event(), threading.Event(), Publisher.renew

    def slow(publisher: Publisher) -> None:
        if let.is_set():
            return
        if publisher.newest() is None:
            renew(publisher)
        else:
            building.set()
            let.wait(20)

    monkeypatch.setattr(Publisher, "renew", slow)
    database = new_registry()
    with serving(database=database) as client:
        index = register(client, "anna.example/a")["items"][0]["index"]
        client.get(MANIFEST)
        assert building.wait(10)
        assert holding(database, index)
        with Registry.open(database) as registry:
            registry.erase([index])
        end = time.monotonic() + 10
        while holding(database, index) and time.monotonic() < end:
            time.sleep(0.05)
        assert not holding(database, index)
        let.set()


def test_what_is_erased_is_told_to_be_however_busy_the_service_is_behind_it(
    serving: Callable,
    new_registry: Callable,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing(*_: object) -> None:
        raise Busy("the service has its hands full", "Nothing was registered.")

    database = new_registry()
    with serving(database=database) as client:
        case, desk, told = register(client, "anna.example/a"), client.app.state.desk, []
        client.get(MANIFEST)
        erase = desk._registry.cases.erase

        def erased(*given: object) -> None:
            erase(*given)
            monkeypatch.setattr("optout.api.service.fair_places.FairPlaces._queue", failing)
            monkeypatch.setattr(Publisher, "forget_erased", failing)

        desk.when_erased[:0] = [failing, lambda: told.append("erased")]
        with monkeypatch.context() as patched:
            patched.setattr(desk._registry.cases, "erase", erased)
            answer = client.delete(f"/v1/cases/{case['case']}", headers=owner(case))
        monkeypatch.undo()
        assert answer.status_code == 204
        assert told == ["erased"]
        for place in ("publication", "desk"):
            assert f"Busy at api/service/{place}.py:" in caplog.text
        assert not holding(database, case["items"][0]["index"])
        assert client.get(f"/v1/cases/{case['case']}", headers=owner(case)).status_code == 404


@pytest.mark.parametrize("path", [MANIFEST, "/checkpoint", "/key", "/healthz", "/snapshot/none"])
def test_to_ask_for_the_head_is_to_be_told_the_headers(client: TestClient, path: str) -> None:
    whole, head = client.get(path), client.head(path)
    assert head.content == b""
    assert head.status_code == whole.status_code
    for name in ("content-type", "etag", "cache-control", "content-length"):
        assert head.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize(
    "path",
    ["", "none", "audit", "audit/", "%2e%2e/optout.key", "%2Fetc%2Fpasswd", "%00"],
)
def test_nothing_else_can_be_fetched(client: TestClient, path: str) -> None:
    answer = client.get(f"/snapshot/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_checkpoint_is_signed_by_the_log(serving: Callable, new_registry: Callable) -> None:
    database = new_registry()
    with Registry.open(database) as registry:
        key = registry.key.verifier
    with serving(database=database) as client:
        register(client, "anna.example/a", "anna.example/b")
        answer = client.get("/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    checkpoint = Checkpoint.open(answer.text, key)
    with Registry.open(database) as registry:
        assert (checkpoint.size, checkpoint.root) == (2, registry.root())


def test_the_key_is_the_one_that_signs(serving: Callable, new_registry: Callable) -> None:
    database = new_registry()
    with serving(database=database) as client:
        told = client.get("/key").text
        note = client.get("/checkpoint").text
    assert told.endswith("\n")
    assert Checkpoint.open(note, VerifierKey.parse(told.strip())).size == 0


def test_the_service_says_that_it_is_well(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_parts_of_a_file_can_be_fetched(client: TestClient) -> None:
    register(client, "anna.example/parts")
    whole = client.get(MANIFEST)
    size, tag = len(whole.content), whole.headers["etag"]
    for asked, begin, end in [("0-9", 0, 10), ("-7", size - 7, size), ("5-", 5, size)]:
        answer = client.get(MANIFEST, headers={"Range": f"bytes={asked}", "If-Range": tag})
        assert (answer.status_code, answer.content) == (206, whole.content[begin:end])
        assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
    several = client.get(MANIFEST, headers={"Range": "bytes=0-1, 5-6"})
    assert several.status_code == 206
    assert several.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert int(several.headers["content-length"]) == len(several.content)
    assert several.content.count(b"Content-Range: bytes ") == 2


@pytest.mark.parametrize(
    "asked", ["bytes=x", "bytes=-", "bytes=5-1", "bytes=0-5,3-9", "lines=1-2", "bytes=", "bytes=٣-"]
)
def test_who_asks_for_no_part_gets_the_whole(client: TestClient, asked: str) -> None:
    answer = client.get(MANIFEST, headers={"Range": asked.encode()})
    assert answer.status_code == 200
    other = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert client.get(MANIFEST, headers=other).status_code == 200


def test_a_part_that_lies_beyond_the_file_is_told(client: TestClient) -> None:
    for asked in ("bytes=99999999-", "bytes=-0"):
        answer = client.get(MANIFEST, headers={"Range": asked})
        assert answer.status_code == 416
        assert answer.headers["content-range"].startswith("bytes */")
