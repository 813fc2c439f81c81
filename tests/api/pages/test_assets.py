"""The stylesheet and the script as they are sent."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from optout.api.pages import assets


@pytest.mark.parametrize(
    ("name", "kind"), [("style.css", "text/css"), ("script.js", "text/javascript")]
)
def test_an_asset_is_kept_for_long_under_the_name_of_its_content(
    client: TestClient, name: str, kind: str
) -> None:
    asset = assets.load()[name]
    answer = client.get(f"/static/{name}?v={asset.version}")
    assert answer.content == asset.data
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789ab"])
def test_an_asset_under_another_name_is_asked_for_again(client: TestClient, query: str) -> None:
    answer = client.get(f"/static/style.css{query}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["none.css", "..%2Froutes.py", "style.css%00", ""])
def test_nothing_else_is_sent(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br;q=1.0, GZIP;q=0.8", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.000", None),
        ("identity", None),
        ("", None),
        ("xgzip, ;;q", None),
    ],
)
def test_an_asset_is_packed_for_who_can_unpack_it(
    client: TestClient, accepted: str, coding: str | None
) -> None:
    answer = client.get("/static/style.css", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == coding
    assert answer.content == assets.load()["style.css"].data
    sent = int(answer.headers["content-length"])
    assert (sent < len(answer.content) / 2) == (coding is not None)
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/", "/case", "/look-up"])
def test_no_page_is_packed_because_its_length_would_give_secrets_away(
    client: TestClient, path: str
) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
