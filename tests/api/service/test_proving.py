"""Proofs are looked at again while they stand, and nobody is held up by who does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from optout.api.errors import Busy, ItemsRefused, ProofOver, Unprovable
from optout.api.service import Checked, Desk, asking
from optout.registry.cases import Method, ProofState
from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade

from tests.api.proofs.world import World

from .owners import WEEK, Owner, Slow, opened_desk, run, slow_desk


def test_a_proof_is_looked_at_again_every_week_and_stands_longer_each_time(
    desk: Desk, around: World
) -> None:
    async def main() -> None:
        owner = await Owner.at(desk)
        await owner.proves(around)
        around.zone.asked.clear()
        around.pass_time(days=6, hours=23)
        await desk.rechecks.run()
        assert around.zone.asked == []
        around.pass_time(hours=1)
        await desk.rechecks.run()
        await desk.rechecks.run()
        assert len(around.zone.asked) == 1
        (shown,) = await desk.proofs.of(*owner.key)
        assert shown.proof.checked == around.now
        assert shown.proof.expires == around.now + timedelta(days=365)
        assert await owner.grades() == {Grade.DOMAIN}

    run(main())


def test_missing_three_times_in_a_row_a_proof_ends_and_the_grades_fall_back(
    desk: Desk, around: World
) -> None:
    async def main() -> None:
        owner = await Owner.at(desk, "anna.example", "anna.example/a")
        identity = await owner.proves(around)
        record = dict(around.records)
        history = [(False, 1), (False, 2), (True, 0), (False, 1), (None, 1), (False, 2)]
        for there, failures in history:
            around.silent = there is None
            around.records = dict(record) if there else {}
            around.pass_time(**WEEK)
            await desk.rechecks.run()
            assert await owner.state() == (ProofState.STANDING, failures)
            assert await owner.grades() == {Grade.DOMAIN}
        # What its owner looks for in vain is no reason to end it.
        assert (await owner.checks(identity)).found is False
        assert await owner.state() == (ProofState.STANDING, 2)
        around.pass_time(**WEEK)
        await desk.rechecks.run()
        assert await owner.state() == (ProofState.ENDED, 3)
        assert await owner.grades() == {Grade.SELF}
        around.records = record
        with pytest.raises(ProofOver, match="this proof has ended"):
            await owner.checks(identity)

    run(main())


def test_what_nobody_can_reach_stands_until_it_expires(desk: Desk, around: World) -> None:
    async def main() -> None:
        owner, other = await Owner.at(desk), await Owner.at(desk)
        await owner.proves(around)
        await other.starts()
        around.silent = True
        for weeks in (1, 1, 1, 49):
            around.pass_time(weeks=weeks)
            await desk.rechecks.run()
        assert await owner.state() == (ProofState.STANDING, 0)
        assert await desk.proofs.of(*other.key) == []
        around.silent = False
        around.pass_time(days=1)
        around.zone.asked.clear()
        await desk.rechecks.run()
        assert around.zone.asked == []
        assert await owner.state() == (ProofState.ENDED, 0)
        assert await owner.grades() == {Grade.SELF}

    run(main())


def test_a_record_that_its_owner_lets_run_out_is_missing(desk: Desk, around: World) -> None:
    async def main() -> None:
        owner = await Owner.at(desk)
        await owner.proves(around)
        for days in (360, 30, 7):
            around.pass_time(days=days)
            await desk.rechecks.run()
        (shown,) = await desk.proofs.of(*owner.key)
        assert (shown.proof.state, shown.proof.failures) == (ProofState.STANDING, 1)
        # The one that is shown by now goes on.
        around.records[shown.challenge.record_name] = shown.challenge.record_value
        around.pass_time(**WEEK)
        await desk.rechecks.run()
        assert await owner.state() == (ProofState.STANDING, 0)

    run(main())


def test_an_account_is_compared_by_what_it_is_called_for_good(desk: Desk, around: World) -> None:
    async def main() -> None:
        owner = await Owner.at(desk, "github:anna")
        shown = await desk.proofs.start(*owner.key, Method.ACCOUNT, "github:anna")
        line = shown.challenge.line
        around.profile(line, stable=7)
        assert (await owner.checks(shown.proof.id)).raised
        for stable, failures in ((7, 0), (8, 1), (7, 0), (8, 1), (8, 2)):
            around.profile(line, stable=stable)
            around.pass_time(**WEEK)
            await desk.rechecks.run()
            assert await owner.state() == (ProofState.STANDING, failures)
        around.pass_time(**WEEK)
        await desk.rechecks.run()
        assert await owner.grades() == {Grade.SELF}

    run(main())


def test_two_processes_look_at_each_proof_once(
    around: World, new_registry: Callable[[], Path]
) -> None:
    database = new_registry()

    async def main(desk: Desk, other: Desk) -> None:
        for _ in range(3):
            await (await Owner.at(desk)).proves(around)
        around.zone.asked.clear()
        around.pass_time(**WEEK)
        await asyncio.gather(desk.rechecks.run(), other.rechecks.run())
        assert len(around.zone.asked) == 3

    with (
        opened_desk(database, around.outside) as desk,
        opened_desk(database, around.outside) as other,
    ):
        run(main(desk, other))


def test_a_fault_with_one_proof_is_not_the_others(
    desk: Desk, around: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asking.prove_by_record

    async def faulty(challenge: Any, *rest: Any) -> Any:
        if challenge.case_number == broken.case.number:
            raise RuntimeError(challenge.subject + challenge.text)
        if challenge.case_number == refused.case.number:
            raise Unprovable("anna.example is a public suffix", "Give a name below it.")
        return await real(challenge, *rest)

    async def main() -> None:
        nonlocal broken, refused
        broken, refused, third = [await Owner.at(desk) for _ in range(3)]
        for owner in (broken, refused, third):
            await owner.proves(around)
        monkeypatch.setattr(asking, "prove_by_record", faulty)
        around.records.clear()
        around.pass_time(**WEEK)
        await desk.rechecks.run()
        assert [(await owner.state())[1] for owner in (broken, refused, third)] == [0, 1, 1]
        (shown,) = await desk.proofs.of(*refused.key)
        told = await refused.checks(shown.proof.id)
        assert told.advice == "anna.example is a public suffix. Give a name below it."

    broken = refused = None  # type: Any
    caplog.set_level(logging.DEBUG, "optout")
    run(main())
    assert "RuntimeError at" in caplog.text
    assert "anna" not in caplog.text


@asynccontextmanager
async def hanging(
    names: Slow, count: int, checks: Sequence[Coroutine[Any, Any, Checked]]
) -> AsyncIterator[None]:
    """Have proofs looked at, of which so many are looked at right now and answered never."""
    tasks = [asyncio.create_task(each) for each in checks]
    while names.at_once < count:
        await asyncio.sleep(0.01)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_who_does_not_answer_is_not_waited_for(
    around: World, new_registry: Callable[[], Path]
) -> None:
    async def main(desk: Desk) -> None:
        owner = await Owner.at(desk)
        told = await owner.checks(await owner.starts())
        assert (told.found, told.raised) == (None, [])
        assert told.advice == (
            "Nothing was answered within 0.2 seconds. Try again in a few minutes."
        )

    with slow_desk(around, new_registry(), "anna", check_seconds=0.2) as (desk, _):
        run(main(desk))


def test_who_does_not_answer_holds_up_nobody_else(
    around: World, new_registry: Callable[[], Path]
) -> None:
    async def main(desk: Desk, names: Slow) -> None:
        anna = await Owner.at(desk)
        bob = await Owner.at(desk, "bob.example")
        slow, quick = await anna.starts(), await bob.starts("bob.example")
        # Of those that wait, all but one hold no place.
        async with hanging(names, 1, [anna.checks(slow) for _ in range(5)]):
            for _ in range(3):
                assert (await bob.checks(quick)).found is False
            assert await anna.grades() == {Grade.SELF}
            assert names.most == names.at_once == 1

    with slow_desk(around, new_registry(), "anna", check_seconds=15) as (desk, names):
        run(main(desk, names))


def test_no_more_are_looked_at_at_once_than_there_are_places(
    around: World, new_registry: Callable[[], Path]
) -> None:
    async def main(desk: Desk, names: Slow) -> None:
        owners = [await Owner.at(desk) for _ in range(4)]
        proofs = [await owner.starts() for owner in owners]
        checks = [owner.checks(proof) for owner, proof in zip(owners, proofs, strict=True)]
        async with hanging(names, 2, checks):
            await asyncio.sleep(0.1)
            assert await owners[0].grades() == {Grade.SELF}
            assert desk.waiting()["checks"] == 2
        assert names.most == 2
        assert desk.waiting()["checks"] == 0

    with slow_desk(around, new_registry(), "anna", check_seconds=15, checks=2) as (desk, names):
        run(main(desk, names))


def test_who_gets_no_place_in_time_is_turned_away(
    around: World, new_registry: Callable[[], Path]
) -> None:
    async def main(desk: Desk) -> None:
        owner = await Owner.at(desk)
        identity = await owner.starts()
        async with desk.proofs._askers.hold():
            with pytest.raises(Busy, match="too many proofs are looked at right now"):
                await asyncio.create_task(owner.checks(identity))
        assert (await owner.checks(identity)).found is False

    with slow_desk(around, new_registry(), "nobody", check_seconds=0.5, checks=1) as (desk, _):
        run(main(desk))


def test_who_is_slow_to_answer_holds_up_no_round_for_long(
    around: World, new_registry: Callable[[], Path]
) -> None:
    async def main(desk: Desk, names: Slow) -> None:
        owner = await Owner.at(desk)
        shown = await desk.proofs.start(*owner.key, Method.DNS, "anna.example")
        names.records[shown.challenge.record_name] = (shown.challenge.record_value.encode(),)
        assert (await owner.checks(shown.proof.id)).found
        names.slow = "anna"
        around.pass_time(**WEEK)
        await desk.rechecks.run()
        assert await owner.state() == (ProofState.STANDING, 0)

    with slow_desk(around, new_registry(), "nobody", check_seconds=0.5) as (desk, names):
        run(main(desk, names))


def test_what_its_owner_ends_while_it_is_looked_for_stays_ended(
    desk: Desk, around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asking.prove_by_record

    async def main() -> None:
        owner = await Owner.at(desk)
        shown = await desk.proofs.start(*owner.key, Method.DNS, "anna.example")
        around.records[shown.challenge.record_name] = shown.challenge.record_value

        async def meanwhile(*given: Any) -> Any:
            found = await real(*given)
            await desk.proofs.end(*owner.key, shown.proof.id)
            return found

        monkeypatch.setattr(asking, "prove_by_record", meanwhile)
        with pytest.raises(ProofOver, match="has ended meanwhile"):
            await owner.checks(shown.proof.id)
        assert await owner.grades() == {Grade.SELF}

    run(main())


def test_what_was_erased_while_it_was_looked_for_is_not_raised(
    desk: Desk, around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asking.prove_by_record

    async def main() -> None:
        owner = await Owner.at(desk, "anna.example", "anna.example/a")
        shown = await desk.proofs.start(*owner.key, Method.DNS, "anna.example")
        around.records[shown.challenge.record_name] = shown.challenge.record_value
        first, second = shown.items

        async def meanwhile(*given: Any) -> Any:
            await desk.erase(*owner.key, [first])
            return await real(*given)

        monkeypatch.setattr(asking, "prove_by_record", meanwhile)
        checked = await owner.checks(shown.proof.id)
        assert checked.raised == checked.proof.items == [second]

    run(main())


def test_a_letter_is_on_its_way_once_something_was_raised(desk: Desk, around: World) -> None:
    woken: list[bool] = []
    desk.letters.when_queued.append(lambda: woken.append(True))

    async def main() -> None:
        owner = await Owner.at(desk)
        identity = await owner.proves(around)
        assert woken == [True]
        assert (await owner.checks(identity)).raised == []
        assert woken == [True]

    run(main())


def test_a_case_has_so_many_proofs_at_most(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optout.registry.cases.proving.MOST_PROOFS", 1)

    async def main() -> None:
        owner = await Owner.at(desk)
        await owner.starts()
        with pytest.raises(UsageError, match="has 1 proofs already"):
            await owner.starts()
        with pytest.raises(ItemsRefused):
            await owner.starts("co.uk")

    run(main())
