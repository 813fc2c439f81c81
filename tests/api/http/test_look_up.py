"""Everything that reads: ranges, the log, entries, bulk queries, the feed of hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from optout.api.service import STEP
from optout.registry import Identifier, Registry
from optout.registry.identifiers import Grade
from optout.registry.partners import Purpose
from optout.registry.registry import Claim

PHASH = "a5" * 8 + "3c" * 8 + "96" * 8 + "5a" * 8
BULK = "/api/v2/query/urls/"


def bearing_key(client: TestClient) -> dict[str, str]:
    """A header with a new key to read."""
    desk = client.app.state.desk  # type: ignore[attr-defined]
    _, key = desk._registry.partners.make("Harbour Models", Purpose.READ)
    return {"Authorization": f"Bearer {key.text}"}


@pytest.fixture(scope="module")
def reader(serving: Callable, new_registry: Callable) -> Iterator[TestClient]:
    database = new_registry()
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.url("https://anna.example/a.jpg"))])
        registry.add([Claim(Identifier.site("bea.example"), grade=Grade.DOMAIN)])
        registry.add([Claim(Identifier.url("https://anna.example/b.jpg"))])
        registry.withdraw([2])
    with serving(database=database) as client:
        yield client


def test_an_item_is_found_in_its_range_among_made_up_ones(reader: TestClient) -> None:
    digest = Identifier.url("anna.example/a.jpg").digest.hex()
    answer = reader.get(f"/v1/ranges/{digest[:5]}")
    lines = answer.text.splitlines()
    real = [line for line in lines if line.endswith(":1")]
    assert [[part.strip() for part in line.split(":")] for line in real] == [
        [digest[5:], "url", "self", "in-force", "1"]
    ]
    assert len(lines) == STEP
    assert len({len(line) for line in lines}) == 1
    assert answer.headers["cache-control"].startswith("public, max-age=60")
    assert answer.headers["last-modified"].endswith(" GMT")


def test_a_range_without_entries_is_as_long_and_always_the_same(reader: TestClient) -> None:
    first = reader.get("/v1/ranges/00000")
    assert len(first.text.splitlines()) == STEP
    assert all(line.endswith(":0") for line in first.text.splitlines())
    assert reader.get("/v1/ranges/00000").content == first.content
    tag = first.headers["etag"]
    assert reader.get("/v1/ranges/00000", headers={"If-None-Match": tag}).status_code == 304
    told = reader.get("/v1/ranges/00000", headers={"Accept": "application/json"}).json()
    assert told == {"range": "00000", "lines": first.text.splitlines()}


def test_what_is_withdrawn_is_in_no_range(reader: TestClient) -> None:
    digest = Identifier.url("anna.example/b.jpg").digest.hex()
    assert digest[5:] not in reader.get(f"/v1/ranges/{digest[:5]}").text


@pytest.mark.parametrize("prefix", ["0", "0000g", "000000", "-0001", "%00%00%00%00%00", "٠٠٠٠٠"])
@pytest.mark.parametrize("space", ["", "image/"])
def test_what_is_no_range_is_refused(reader: TestClient, space: str, prefix: str) -> None:
    answer = reader.get(f"/v1/ranges/{space}{prefix}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_picture_is_found_by_its_hash(client: TestClient, photograph: Callable) -> None:
    answer = client.post("/v1/cases", files={"pictures": ("a.jpg", photograph(), "image/jpeg")})
    assert answer.status_code == 201
    records = client.get("/v1/feeds/stopncii", headers=bearing_key(client)).json()["hashRecords"]
    phash = next(r["hashValue"] for r in records if r["signalType"] == "ImagePhash256")
    lines = client.get(f"/v1/ranges/image/{phash[:5]}").text.splitlines()
    assert phash[5:] in {line.split(":")[0] for line in lines if line.endswith(":1")}


def test_the_log_is_read_page_by_page(reader: TestClient) -> None:
    address, seen = "/v1/log?limit=3", []
    while address:
        answer = reader.get(address)
        seen += answer.json()["records"]
        address = answer.links.get("next", {}).get("url")
    assert [record["index"] for record in seen] == [0, 1, 2, 3]
    assert [record["record"]["op"] for record in seen] == ["add", "add", "add", "withdraw"]
    assert reader.get("/v1/log?after=99999999").json()["records"] == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("after=-1", "after is below 0"),
        ("after=99999999999999999999", "after is above "),
        (f"after={'9' * 5000}", "after is no whole number that can be read"),
        ("after=x", "after is no whole number"),
        ("limit=0", "limit is below 1"),
        ("limit=1001", "limit is above 1000"),
    ],
)
def test_a_page_that_there_cannot_be_is_refused(reader: TestClient, query: str, says: str) -> None:
    answer = reader.get(f"/v1/log?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == f"#/{query.partition('=')[0]}"
    assert fault["detail"].startswith(says)


def test_an_entry_is_told_with_its_records(reader: TestClient) -> None:
    told = reader.get("/v1/entries/2").json()
    assert (told["state"], told["kind"], told["usage"]) == ("withdrawn", "url", ["train-ai"])
    assert [record["index"] for record in told["records"]] == [2, 3]
    assert reader.get("/v1/entries/0").json()["state"] == "in-force"


@pytest.mark.parametrize("index", ["3", "4", "-1", "99999999999999999999", "x", "%00", "٣"])
def test_what_is_no_entry_is_not_found(reader: TestClient, index: str) -> None:
    answer = reader.get(f"/v1/entries/{index}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_many_addresses_are_answered_line_by_line(reader: TestClient) -> None:
    lines = [
        "http://anna.example/a.jpg",
        "",
        "https://anna.example/b.jpg",
        "http://www.bea.example/x",
        "no address",
        "ftp://bea.example/",
        "\0",
        "http://anna.example/a.jpg",
    ]
    answer = reader.post(BULK, content="\n".join(lines), headers={"Authorization": "API k"})
    told = answer.json()["urls"]
    assert [one["url"] for one in told] == lines
    out = [one["optOut"] for one in told]
    assert out == [True, False, False, True, False, False, False, True]
    assert {one["optIn"] for one in told} == {False}
    assert reader.post(BULK, content=b"\xff\xfe\n").status_code == 200


def test_too_many_addresses_are_refused(reader: TestClient) -> None:
    assert reader.post(BULK, content=b"\n" * 9_999).status_code == 200
    assert reader.post(BULK, content=b"\n" * 10_000).status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        *("since=-1", "pageSize=0", "pageToken=x", "pageToken=%00", "pageToken=1.2"),
        f"pageToken={'1' * 61}",
    ],
)
def test_a_page_of_the_feed_that_there_cannot_be_is_refused(reader: TestClient, query: str) -> None:
    answer = reader.get(f"/v1/feeds/stopncii?{query}", headers=bearing_key(reader))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_feed_is_read_page_by_page(client: TestClient) -> None:
    item = {"kind": "image", "phash256": PHASH}
    client.post("/v1/cases", json={"items": [item]})
    whole = client.get("/v1/feeds/stopncii", headers=bearing_key(client)).json()
    headers = bearing_key(client)
    records, token = [], ""
    while True:
        address = f"/v1/feeds/stopncii?pageSize=1&pageToken={token}"
        page = client.get(address, headers=headers).json()
        records += page["hashRecords"]
        token = page["nextPageToken"]
        if not page["hasMoreRecords"]:
            break
    assert records == whole["hashRecords"]
    later = whole["nextSetTimestamp"] + 1
    answer = client.get(f"/v1/feeds/stopncii?since={later}", headers=headers)
    assert answer.json()["hashRecords"] == []
