"""What a corpus left out is written, and sent to a service that asks for a key."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.filter.evidence import read_exclusions

KEY = "oo_report_" + "0" * 36


class Service(ThreadingHTTPServer):
    """Takes reports, or answers with what it was told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.status, self.answer = 201, b""
        self.taken: list[tuple[str, str | None, bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Taking(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.taken.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.send_header("Location", "/v1/reports/7")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus that was filtered."""
    folder = tmp_path_factory.mktemp("filtered")
    urls = ["https://anna.example/1.jpg", "https://bert.example/2.jpg"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("OPTOUT_SIGNING_KEY", str(folder / "operator.key"))
        Path("corpus").mkdir()
        pq.write_table(pa.table({"url": urls}), "corpus/a.parquet")
        for command in (
            ["init"],
            ["add", "url", urls[0]],
            ["snapshot", "snapshot"],
            ["filter", "corpus", "--snapshot", "snapshot", "--out", "clean"],
        ):
            assert main(command) == Exit.DONE
    return folder


@pytest.fixture
def out(
    filtered: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Path:
    place = tmp_path / "place"
    shutil.copytree(filtered, place)
    monkeypatch.chdir(place)
    monkeypatch.setenv("OPTOUT_SIGNING_KEY", str(place / "operator.key"))
    monkeypatch.setenv("OPTOUT_API_KEY", KEY)
    capsys.readouterr()
    return Path("clean")


def report(*more: str) -> int:
    return main(["report", "clean", "--corpus", "Harbours", *more])


def test_it_is_written_beside_the_output(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report() == Exit.DONE
    told = capsys.readouterr()
    assert "clean.exclusions.json: 1 entry took out 1 row of Harbours" in told.out
    assert "next: send it with --to" in told.err
    assert read_exclusions(Path("clean.exclusions.json").read_bytes()).rows == {0: 1}


def test_it_is_sent_as_it_is_written(
    out: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report("--to", service.address + "/", "--file", "told.json", "--json") == Exit.DONE
    assert service.taken == [("/v1/reports", f"Bearer {KEY}", Path("told.json").read_bytes())]
    said = json.loads(capsys.readouterr().out)
    assert (said["entries"], said["rows"], said["sent"]) == (1, 1, "/v1/reports/7")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (json.dumps({"detail": "the log never had this root"}).encode(), "never had this root"),
        (b'{"detail": "moves \\u001b[2J the cursor"}', "status 422"),
        (b"<html>", "status 422"),
    ],
)
def test_a_refusal_is_told_and_nothing_is_lost(
    out: Path, service: Service, capsys: pytest.CaptureFixture[str], answer: bytes, told: str
) -> None:
    service.status, service.answer = 422, answer
    assert report("--to", service.address) == Exit.FAILED
    assert told in capsys.readouterr().err
    assert Path("clean.exclusions.json").exists()


@pytest.mark.parametrize("status", [204, 301, 302, 303, 307])
def test_only_where_it_is_taken_it_was_sent_and_no_key_goes_elsewhere(
    out: Path, service: Service, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    service.status = status
    assert report("--to", service.address) == Exit.FAILED
    told = capsys.readouterr().err
    assert f"did not take the report: status {status}" in told
    assert "sent to" not in told
    assert [path for path, _, _ in service.taken] == ["/v1/reports"]


def test_a_service_that_is_away_is_named(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Service() as gone:
        address = gone.address
    assert report("--to", address) == Exit.FAILED
    assert f"{address} cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address", ["optout.example", "http://optout.example", "ftp://optout.example", "https://"]
)
def test_it_is_sent_over_https_only(
    out: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    assert report("--to", address) == Exit.USAGE
    assert "is no address of a service" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["", "two\nlines", "oo_réport"])
def test_it_is_sent_with_a_key_only(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OPTOUT_API_KEY", key)
    assert report("--to", "https://optout.example") == Exit.USAGE
    assert "is sent with an API key" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report("--file", "missing/told.json") == Exit.FAILED
    assert "missing/told.json cannot be written" in capsys.readouterr().err
