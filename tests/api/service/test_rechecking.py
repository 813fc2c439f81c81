"""Rounds of proofs: nobody's keep others from theirs, and no clock that is wrong ends any."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from optout.api.errors import TooOften
from optout.api.service import Desk, asking, budgets, rechecking
from optout.api.service.windows import Rate
from optout.registry.cases import Method, ProofState

from tests.api.proofs.servers import answer
from tests.api.proofs.world import World

from .owners import WEEK, Owner, opened_desk, run, slow_desk


async def proved(desk: Desk, around: World, count: int) -> list[Owner]:
    owners = [await Owner.at(desk) for _ in range(count)]
    for owner in owners:
        await owner.proves(around)
    around.zone.asked.clear()
    return owners


async def states(owners: list[Owner]) -> list[ProofState]:
    return [(await owner.state())[0] for owner in owners]


def test_some_are_looked_at_at_once(around: World, new_registry: Callable[[], Path]) -> None:
    async def main() -> None:
        for _ in range(6):
            owner = await Owner.at(desk)
            shown = await desk.proofs.start(*owner.key, Method.DNS, "anna.example")
            names.records[shown.challenge.record_name] = (shown.challenge.record_value.encode(),)
            await owner.checks(shown.proof.id)
        names.slow = "anna"
        around.pass_time(**WEEK)
        with anyio.fail_after(1):
            await desk.rechecks.run()
        assert names.most == rechecking.AT_ONCE

    with slow_desk(around, new_registry(), "nobody", check_seconds=0.2) as (desk, names):
        run(main())


def test_one_domain_cannot_fill_a_turn(
    desk: Desk, around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecking, "BELOW", 2)
    monkeypatch.setattr(rechecking, "_BATCH", 2)

    async def main() -> None:
        await proved(desk, around, 5)
        bob = await Owner.at(desk, "bob.example")
        shown = await desk.proofs.start(*bob.key, Method.DNS, "bob.example")
        around.records[shown.challenge.record_name] = shown.challenge.record_value
        await bob.checks(shown.proof.id)
        around.pass_time(**WEEK)
        for asked in (3, 2, 1, 0):
            around.zone.asked.clear()
            await desk.rechecks.run()
            assert len(around.zone.asked) == asked
            around.pass_time(hours=1)
        (of_bob,) = await desk.proofs.of(*bob.key)
        assert of_bob.proof.checked == around.now - timedelta(hours=4)

    run(main())


def test_what_is_over_ends_before_every_batch(
    desk: Desk, around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecking, "_BATCH", 1)
    real, seen = asking.prove_by_record, []

    async def main() -> None:
        (old,) = await proved(desk, around, 1)
        around.pass_time(days=357)
        await proved(desk, around, 2)
        around.pass_time(hours=1)
        around.silent = True
        await desk.rechecks.run()

        async def late(*given: Any) -> Any:
            seen.extend(await states([old]))
            around.pass_time(minutes=15)
            return await real(*given)

        monkeypatch.setattr(asking, "prove_by_record", late)
        around.pass_time(days=7, hours=22, minutes=50)
        await desk.rechecks.run()

    run(main())
    assert seen == [ProofState.STANDING, ProofState.ENDED]


def test_a_proof_whose_check_cannot_be_kept_does_not_end_the_turn(
    desk: Desk, around: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        owners = await proved(desk, around, 3)
        (broken,) = await desk.proofs.of(*owners[0].key)
        real = desk._registry.rechecks.record_check

        def record(identity: str, *rest: Any, **more: Any) -> list[int]:
            if identity == broken.proof.id:
                raise RuntimeError("anna.example")
            return real(identity, *rest, **more)

        around.records.clear()
        around.pass_time(**WEEK)
        with monkeypatch.context() as patched:
            patched.setattr(desk._registry.rechecks, "record_check", record)
            await desk.rechecks.run()
        assert [(await owner.state())[1] for owner in owners] == [0, 1, 1]
        around.pass_time(hours=1)
        await desk.rechecks.run()
        assert [(await owner.state())[1] for owner in owners] == [1, 1, 1]

    run(main())
    assert "RuntimeError at" in caplog.text
    assert "anna" not in caplog.text


def test_a_platform_is_asked_as_often_as_it_answers_and_rounds_have_their_own_part(
    desk: Desk, around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "FOR_PEOPLE", {"github": Rate(2, 3600)})
    monkeypatch.setattr(budgets, "FOR_ROUNDS", {"github": Rate(1, 3600)})

    async def main() -> None:
        owners, proofs = [], []
        for name in ("anna", "bob"):
            owner = await Owner.at(desk, f"github:{name}")
            shown = await desk.proofs.start(*owner.key, Method.ACCOUNT, f"github:{name}")
            told = {"login": name, "id": 7, "bio": shown.challenge.line, "blog": None}
            around.site.pages[f"api.example/users/{name}"] = answer(json.dumps(told))
            assert (await owner.checks(shown.proof.id)).found
            owners.append(owner)
            proofs.append(shown.proof.id)
        around.site.asked.clear()
        around.pass_time(minutes=20)
        told_later = await owners[0].checks(proofs[0])
        assert (told_later.found, told_later.raised) == (None, [])
        assert told_later.advice == (
            "Nobody could be asked: too many accounts of this platform were looked at lately. "
            "Try again in 40 minutes."
        )
        assert around.site.asked == []
        # Domains are nobody's budget.
        domain = await Owner.at(desk)
        assert (await domain.checks(await domain.starts())).found is False
        around.pass_time(**WEEK)
        checked = []
        for _ in range(2):
            around.site.asked.clear()
            await desk.rechecks.run()
            checked.append(len(around.site.asked))
            around.pass_time(hours=1)
        assert checked == [1, 1]
        assert (await owners[0].checks(proofs[0])).found
        for owner in owners:
            (shown,) = await desk.proofs.of(*owner.key)
            assert shown.proof.failures == 0

    run(main())


def test_its_owner_ends_so_many_a_day_of_those_that_stood(desk: Desk, around: World) -> None:
    async def main() -> None:
        owner = await Owner.at(desk)
        for _ in range(5):
            assert await desk.proofs.end(*owner.key, await owner.starts())
        for _ in range(3):
            ended = await owner.proves(around)
            assert await desk.proofs.end(*owner.key, ended)
        last = await owner.proves(around)
        size = desk._registry.size
        with pytest.raises(TooOften, match="may end 3 proofs a day") as refused:
            await desk.proofs.end(*owner.key, last)
        assert refused.value.seconds == 86_400
        assert desk._registry.size == size
        assert await desk.proofs.end(*owner.key, ended), "that has ended already"
        assert not await desk.proofs.end(*owner.key, "none")
        around.pass_time(days=1)
        assert await desk.proofs.end(*owner.key, last)

    run(main())


def test_a_clock_that_jumps_ends_nothing_until_it_has_held_for_an_hour(
    desk: Desk, around: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        (owner,) = await proved(desk, around, 1)
        await desk.rechecks.run()
        around.set_clock(days=400)
        for _ in range(3):
            await desk.rechecks.run()
            around.pass_time(minutes=10)
        assert caplog.text.count("the clock was set forth by 400 days") == 1
        around.set_clock(days=-400)
        await desk.rechecks.run()
        assert "the clock was set back by 400 days" in caplog.text
        assert around.zone.asked == []
        assert await states([owner]) == [ProofState.STANDING]
        around.pass_time(**WEEK)
        await desk.rechecks.run()
        assert len(around.zone.asked) == 1
        # What holds is believed.
        around.set_clock(days=400)
        await desk.rechecks.run()
        assert await states([owner]) == [ProofState.STANDING]
        around.pass_time(hours=1)
        await desk.rechecks.run()
        assert await states([owner]) == [ProofState.ENDED]

    caplog.set_level(logging.WARNING, "optout")
    run(main())


def test_a_service_that_starts_far_ahead_of_its_registry_waits_an_hour(
    around: World, new_registry: Callable[[], Path], caplog: pytest.LogCaptureFixture
) -> None:
    database = new_registry()

    async def main() -> None:
        with opened_desk(database, around.outside) as desk:
            (owner,) = await proved(desk, around, 1)
        around.pass_time(days=400)
        with opened_desk(database, around.outside) as owner.desk:
            await owner.desk.rechecks.run()
            assert await states([owner]) == [ProofState.STANDING]
            around.pass_time(hours=1)
            await owner.desk.rechecks.run()
            assert await states([owner]) == [ProofState.ENDED]

    caplog.set_level(logging.WARNING, "optout")
    run(main())
    assert caplog.text.count("the clock is 400 days ahead of the registry") == 1


def test_very_many_do_not_end_at_once_because_their_time_is_over(
    desk: Desk, around: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rechecking, "_FEW", 2)

    async def main() -> None:
        owners = await proved(desk, around, 3)
        around.pass_time(days=366)
        for ended in (2, 3):
            await desk.rechecks.run()
            assert (await states(owners)).count(ProofState.ENDED) == ended
        assert around.zone.asked == []

    run(main())
    assert caplog.text.count("very many proofs are over at once") == 1
