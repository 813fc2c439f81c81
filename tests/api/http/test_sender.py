"""Whoever sends much keeps nobody else waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.service import Item, Limits, Refusal, Upload, read_picture
from optout.api.settings import Settings


def test_pictures_of_one_network_keep_those_of_no_other_waiting(
    new_registry: Callable[[], Path],
    photograph: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[str] = []
    end = threading.Event()

    async def read(upload: Upload, number: int, limits: Limits) -> Item | Refusal:
        begun.append(upload.name)
        while upload.name == "long.jpg" and not end.is_set():
            await anyio.sleep(0.01)
        return read_picture(upload, number)

    monkeypatch.setattr("optout.api.service.desk.read_picture_apart", read)
    held = Settings(registry=str(new_registry()), trusted_proxies=["192.0.2.0/24"])
    app = build(held.registry, None, None, held.limits, held)
    with (
        TestClient(app, base_url="http://optout.example", client=("192.0.2.1", 5)) as client,
        ThreadPoolExecutor(8) as senders,
    ):

        def send(network: str, name: str, number: int) -> Response:
            return client.post(
                "/v1/cases",
                headers={"X-Forwarded-For": network},
                files={"pictures": (name, photograph(number), "image/jpeg")},
            )

        many = [senders.submit(send, "198.51.100.7", "long.jpg", number) for number in range(5)]
        while not begun:
            time.sleep(0.01)
        try:
            other = senders.submit(send, "203.0.113.9", "short.jpg", 6)
            assert other.result(timeout=60).status_code == 201
            assert begun == ["long.jpg", "short.jpg"]
            assert not any(sent.done() for sent in many)
        finally:
            end.set()
        assert [sent.result().status_code for sent in many] == [201] * 5
