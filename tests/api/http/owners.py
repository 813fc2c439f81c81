"""Somebody with a case, over the API."""

from __future__ import annotations

from fastapi.testclient import TestClient

URL = {"kind": "url", "value": "https://anna.example/2024/harbour.jpg"}
HOSTILE = (
    "<script>alert(1)</script>",
    "two\r\nlines: Set-Cookie: a=b",
    "a\0b",
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
    "\x1b[2J\x9b31m",
)
"""What means something to a page, a header, a database, a reader's eye, a terminal."""


def bearer(secret: str) -> dict[str, bytes]:
    return {"Authorization": f"Bearer {secret}".encode()}


def opened(client: TestClient, *items: dict) -> dict:
    answer = client.post("/v1/cases", json={"items": list(items or [URL])})
    assert answer.status_code == 201, answer.text
    return answer.json()


def index(case: dict, place: int = 0) -> int:
    return case["items"][place]["index"]
