"""Desks whose world is small and real, and somebody with a case there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
from optout.api.service import Checked, Desk, Item, Limits, Outside, read_line
from optout.registry.cases import Method, OpenedCase, ProofState
from optout.registry.identifiers import Grade

from tests.api.proofs.servers import Names
from tests.api.proofs.world import World

LIMITS = Limits()
WEEK = {"days": 7}


@contextmanager
def opened_desk(database: Path, outside: Outside, limits: Limits = LIMITS) -> Iterator[Desk]:
    desk = Desk.open(database, None, limits, outside)
    try:
        yield desk
    finally:
        desk.close()


class Owner:
    """Somebody with a case.

    Args:
        desk: where it was opened.
        case: the case.
    """

    def __init__(self, desk: Desk, case: OpenedCase) -> None:
        self.desk = desk
        self.case = case
        self.key = (case.number, case.secret)

    @classmethod
    async def at(cls, desk: Desk, *lines: str) -> Owner:
        items = [read_line(line, LIMITS) for line in lines or ("anna.example",)]
        return cls(
            desk, await desk.open_case([one for one in items if isinstance(one, Item)], ["search"])
        )

    async def starts(self, subject: str = "anna.example", method: Method = Method.DNS) -> str:
        return (await self.desk.proofs.start(*self.key, method, subject)).proof.id

    async def checks(self, identity: str) -> Checked:
        checked = await self.desk.proofs.check(*self.key, identity)
        assert checked is not None
        return checked

    async def proves(self, around: World) -> str:
        """Place a record, and have it found."""
        shown = await self.desk.proofs.start(*self.key, Method.DNS, "anna.example")
        around.records[shown.challenge.record_name] = shown.challenge.record_value
        assert (await self.checks(shown.proof.id)).raised
        return shown.proof.id

    async def grades(self) -> set[Grade]:
        return {item.grade for item in (await self.desk.read_case(*self.key)).items}

    async def state(self) -> tuple[ProofState, int]:
        (shown,) = await self.desk.proofs.of(*self.key)
        return shown.proof.state, shown.proof.failures


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


class Slow(Names):
    """A resolver that never answers about one name."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self.slow = slow
        self.at_once = self.most = 0

    async def texts(self, name: str) -> tuple[bytes, ...]:
        if self.slow in name:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            try:
                await anyio.sleep_forever()
            finally:
                self.at_once -= 1
        return await super().texts(name)


@contextmanager
def slow_desk(
    around: World, database: Path, slow: str, **limits: float
) -> Iterator[tuple[Desk, Slow]]:
    names = Slow(slow)
    told = replace(LIMITS, **limits)  # type: Any
    with opened_desk(database, replace(around.outside, resolver=names), told) as desk:
        yield desk, names
