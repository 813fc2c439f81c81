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
