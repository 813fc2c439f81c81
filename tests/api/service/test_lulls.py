"""Times in which nothing is erased."""

from __future__ import annotations

import threading
import time

import pytest
from optout.api.service import lulls
from optout.api.service.lulls import Lull


@pytest.fixture
def lull(monkeypatch: pytest.MonkeyPatch) -> Lull:
    monkeypatch.setattr(lulls, "OPEN_SECONDS", 0.1)
    return Lull()


def test_an_erasure_is_let_through_unless_there_is_a_lull(lull: Lull) -> None:
    with lull.erasing(at_once=False) as is_let:
        assert is_let
    with lull.holding():
        assert lull.is_on
        with lull.erasing(at_once=False) as is_let:
            assert not is_let
        with lull.erasing(at_once=True) as is_let:
            assert is_let, "who has waited for long enough waits no more"
    assert not lull.is_on
    with lull.erasing(at_once=False) as is_let:
        assert is_let


def test_an_erasure_that_is_under_way_is_waited_for(lull: Lull) -> None:
    begun, held = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        with lull.holding():
            held.set()

    thread = threading.Thread(target=hold, daemon=True)
    with lull.erasing(at_once=False):
        thread.start()
        assert begun.wait(10)
        assert not held.wait(0.2)
    assert held.wait(10)
    thread.join(10)


def test_what_was_published_in_a_lull_can_be_fetched_for_as_long_as_it_took(
    lull: Lull,
) -> None:
    for took, calm in ((10.0, 10.0), (40.0, 20.0), (70.0, 0.0)):
        with lull.holding():
            lull.prolong(took)
        assert lull.is_on is (calm > 0)
        assert lull._until - time.monotonic() == pytest.approx(calm, abs=2)


def test_between_two_lulls_whoever_has_waited_comes_first(lull: Lull) -> None:
    ended = 0.0
    for _ in range(2):
        with lull.holding():
            assert time.monotonic() - ended >= lulls.OPEN_SECONDS
        ended = time.monotonic()


def test_a_lull_ends_with_a_build_that_fails(lull: Lull) -> None:
    with pytest.raises(ValueError, match="anna"), lull.holding():
        raise ValueError("anna")
    assert not lull.is_on
