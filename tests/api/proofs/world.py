"""A small world for the service: a clock, a name server, and a server for pages and platforms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.message
from optout.api.http.world import outside_of
from optout.api.proofs import DnsResolver, Endpoints, Fetcher, FetchLimits
from optout.api.service import Outside
from optout.api.settings import Settings

from .servers import LOOPBACK, Site, Wired, Zone, answer, holding

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
API = "https://api.example"


class World:
    """What tests change of the world while a service asks it.

    Args:
        folder: for certificates and letters.
    """

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder)
        self.zone = Zone(self._reply)
        resolver = DnsResolver(["127.0.0.1"], port=self.zone.port, seconds=2.0)
        self.outside: Outside = replace(
            outside_of(Settings(state=folder)),
            clock=lambda: self.now,
            ticks=lambda: self.now.timestamp() - self.off.total_seconds(),
            resolver=resolver,
            fetcher=Fetcher(
                resolver,
                rule=lambda address: address == LOOPBACK,
                trust=self.site.trust,
                backend=Wired(self.site.port),
                limits=FetchLimits(seconds=2.0),
            ),
            endpoints=Endpoints(github=API, github_files="https://files.example"),
        )
        self.reset()

    def reset(self) -> None:
        """As it was at first: nothing stands anywhere."""
        self.now = START
        self.off = timedelta()
        self.records: dict[str, str] = {}
        self.silent = False
        self.site.pages.clear()
        self.zone.asked.clear()

    def pass_time(self, **much: float) -> None:
        self.now += timedelta(**much)

    def set_clock(self, **forth: float) -> None:
        """Let the clock say something else, while no time passes."""
        self.now += timedelta(**forth)
        self.off += timedelta(**forth)

    def place(self, place: dict[str, Any]) -> None:
        """Put what a proof asks for where it belongs."""
        if "record" in place:
            self.records[place["record"]["name"]] = place["record"]["value"]
        elif "file" in place:
            address = place["file"]["url"].removeprefix("https://")
            self.site.pages[address] = answer(place["file"]["content"])
        else:
            self.profile(place["line"]["text"])

    def profile(self, bio: str, *, stable: int = 7) -> None:
        """Let github:anna say something of herself."""
        told = {"login": "anna", "id": stable, "bio": bio, "blog": None}
        self.site.pages["api.example/users/anna"] = answer(json.dumps(told))

    def close(self) -> None:
        self.zone.close()
        self.site.close()

    def _reply(self, question: dns.message.Message) -> dns.message.Message | bytes | None:
        if self.silent:
            broken = dns.message.make_response(question)
            broken.set_rcode(2)
            return broken
        texts = (f'{name}. TXT "{value}"' for name, value in self.records.items())
        name = question.question[0].name.to_text()
        here = [] if name.startswith("_") else [f"{name} A 127.0.0.1"]
        return holding(*texts, *here)(question)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    made = World(folder)
    try:
        yield made
    finally:
        made.close()
