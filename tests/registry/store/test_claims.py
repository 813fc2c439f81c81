"""The operator's claims: what is in force already is found again, and what is gone is not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from optout.registry import Registry
from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade, Identifier
from optout.registry.registry import Added, Claim

HARBOUR = Identifier.url("https://anna.example/harbour.jpg")
FJORD = Identifier.url("https://anna.example/fjord.jpg")


def test_repeating_a_claim_changes_nothing(registry: Registry) -> None:
    assert registry.add([Claim(HARBOUR)]) == [Added(0, new=True)]
    assert registry.add([Claim(HARBOUR)]) == [Added(0, new=False)]
    assert registry.size == 1


def test_a_claim_that_stands_twice_in_one_batch_is_one_entry(registry: Registry) -> None:
    first, other, again = registry.add([Claim(HARBOUR), Claim(FJORD), Claim(HARBOUR)])
    assert first == Added(again.index, new=True)
    assert not again.new
    assert {first.index, other.index} == {0, 1}
    assert registry.size == 2


def test_the_order_of_usages_and_their_repetition_do_not_matter(registry: Registry) -> None:
    registry.add([Claim(HARBOUR, usage=("search", "train-ai", "search"))])
    assert registry.add([Claim(HARBOUR, usage=("train-ai", "search"))]) == [Added(0, new=False)]


def test_another_usage_or_grade_is_another_claim(registry: Registry) -> None:
    claims = [
        Claim(HARBOUR),
        Claim(HARBOUR, usage=("search",)),
        Claim(HARBOUR, grade=Grade.REVIEWED),
    ]
    assert all(added.new for claim in claims for added in registry.add([claim]))
    entries = registry.state().entries
    assert entries[1].usage == ("search",)
    assert entries[2].grade is Grade.REVIEWED


def test_a_claim_that_was_withdrawn_or_erased_can_be_made_again(registry: Registry) -> None:
    registry.add([Claim(HARBOUR)])
    registry.withdraw([0])
    assert registry.add([Claim(HARBOUR)]) == [Added(2, new=True)]
    assert registry.add([Claim(HARBOUR)]) == [Added(2, new=False)]
    registry.erase([2])
    assert registry.add([Claim(HARBOUR)]) == [Added(4, new=True)]


def test_results_stand_in_the_order_of_the_claims(registry: Registry) -> None:
    identifiers = [Identifier.url(f"https://anna.example/{number}") for number in range(1300)]
    registry.add([Claim(identifier) for identifier in identifiers[::3]])
    added = registry.add([Claim(identifier) for identifier in identifiers])
    assert [one.new for one in added] == [number % 3 != 0 for number in range(1300)]
    covered = {opening.index: opening.identifier() for opening in registry.openings()}
    assert [covered[one.index] for one in added] == identifiers


def test_the_log_does_not_show_the_order_of_a_batch(registry: Registry) -> None:
    added = registry.add([Claim(Identifier.site(f"{number}.example")) for number in range(200)])
    assert sorted(one.index for one in added) == list(range(200))
    neighbours = sum(one.index + 1 == two.index for one, two in pairwise(added))
    assert neighbours < 10  # of a random order about one


def test_nobody_holds_the_tokens_of_the_operators_entries(registry: Registry) -> None:
    registry.add([Claim(HARBOUR), Claim(FJORD)])
    auths = {entry.auth for entry in registry.state().entries.values()}
    assert len(auths) == 2


@pytest.mark.parametrize("usage", [(), ("dance",)])
def test_a_claim_without_a_known_usage_is_refused_with_its_batch(
    registry: Registry, usage: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError):
        registry.add([Claim(FJORD), Claim(HARBOUR, usage=usage)])
    assert registry.size == 0
    assert list(registry.openings()) == []


def test_an_empty_batch_changes_nothing(registry: Registry) -> None:
    assert registry.add([]) == []
    assert registry.size == 0
