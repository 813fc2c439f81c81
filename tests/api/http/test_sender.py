"""Whoever sends much keeps nobody else waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import anyio
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.service import Item, Limits, Refusal, Upload, read_picture
from optout.api.settings import Settings

PLACES = {
    "pictures": Limits(decoders=2),
    "large bodies": Limits(decoders=4, uploads=2, words=1000),
}
ADDRESSES = {
    "one address": ["198.51.100.7"],
    "one site of IPv6": ["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:ffff::1"],
}


@pytest.mark.parametrize("limits", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("addresses", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_what_comes_of_one_network_keeps_that_of_no_other_waiting(
    new_registry: Callable[[], Path],
    photograph: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    limits: Limits,
    addresses: list[str],
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
    app = build(held.registry, None, None, limits, held)
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

        sending = zip(cycle(addresses), range(5))
        many = [senders.submit(send, address, "long.jpg", at) for address, at in sending]
        try:
            while not begun:
                assert not many[0].done()
                time.sleep(0.01)
            other = senders.submit(send, "203.0.113.9", "short.jpg", 6)
            assert other.result(timeout=25).status_code == 201
            assert begun == ["long.jpg", "short.jpg"]
            assert not any(sent.done() for sent in many)
        finally:
            end.set()
        assert [sent.result().status_code for sent in many] == [201] * 5
