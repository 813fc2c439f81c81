"""The fold: what is in force after the first N records, and which steps are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from optout.registry.errors import LogFault, TransitionError
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import (
    TRANSITIONS,
    Add,
    ByOperator,
    Dispute,
    Erase,
    GradeChange,
    Proof,
    Record,
    Restore,
    Revealed,
    State,
    Status,
    Withdraw,
    fold,
)

DAY = "2025-01-31"
OPERATOR = ByOperator("because")
OPS = ("grade", "withdraw", "dispute", "restore", "erase")


def token_of(number: int) -> bytes:
    return number.to_bytes(16)


def added(number: int = 0, kind: Kind = Kind.URL, grade: Grade = Grade.SELF) -> Add:
    auth = hashlib.sha256(token_of(number)).digest()
    return Add(kind, bytes(32), auth, ("train-ai",), grade, DAY)


def step(op: str, entry: int, proof: Proof = OPERATOR, grade: Grade = Grade.DOMAIN) -> Record:
    if op == "withdraw":
        return Withdraw(entry, proof, DAY)
    if op == "erase":
        return Erase(entry, proof, DAY)
    assert isinstance(proof, ByOperator)
    if op == "grade":
        return GradeChange(entry, grade, DAY, proof)
    return {"dispute": Dispute, "restore": Restore}[op](entry, DAY, proof)


def folded(*records: Record) -> State:
    return fold(record.leaf() for record in records)


def after(*ops: str) -> Status:
    return folded(added(), *(step(op, 0) for op in ops)).entries[0].status


REACHED: dict[Status, tuple[str, ...]] = {
    Status.IN_FORCE: (),
    Status.DISPUTED: ("dispute",),
    Status.WITHDRAWN: ("withdraw",),
    Status.ERASED: ("erase",),
}

# Written out once more, as a person would check it: status, op, status after; None is refused.
EXPECTED = [
    ("in-force", "grade", "in-force"),
    ("in-force", "withdraw", "withdrawn"),
    ("in-force", "dispute", "disputed"),
    ("in-force", "restore", None),
    ("in-force", "erase", "erased"),
    ("disputed", "grade", "disputed"),
    ("disputed", "withdraw", "withdrawn"),
    ("disputed", "dispute", None),
    ("disputed", "restore", "in-force"),
    ("disputed", "erase", "erased"),
    ("withdrawn", "grade", None),
    ("withdrawn", "withdraw", None),
    ("withdrawn", "dispute", None),
    ("withdrawn", "restore", "in-force"),
    ("withdrawn", "erase", "erased"),
    ("erased", "grade", None),
    ("erased", "withdraw", None),
    ("erased", "dispute", None),
    ("erased", "restore", None),
    ("erased", "erase", None),
]


@pytest.mark.parametrize(("before", "op", "then"), EXPECTED)
def test_a_step_leads_where_the_table_says_or_is_refused(
    before: str, op: str, then: str | None
) -> None:
    log = [added(), *(step(earlier, 0) for earlier in REACHED[Status(before)])]
    state = folded(*log)
    assert state.entries[0].status == before
    record = step(op, 0)
    if then is None:
        stands = {
            "in-force": "in force: there is nothing to restore",
        }.get(before, f"{before}: {op} is not possible")
        with pytest.raises(TransitionError, match=f"entry 0 is {stands}"):
            state.apply(record)
        with pytest.raises(LogFault, match=f"record {len(log)} of the log .* entry 0 is {stands}"):
            state.apply(record.leaf())
        assert state == folded(*log)
    else:
        state.apply(record)
        assert state.entries[0].status == then
        assert state == folded(*log, record)


@pytest.mark.parametrize(
    ("before", "op", "advice"),
    [
        ("erased", "restore", "final"),
        ("withdrawn", "grade", "Register it again"),
        ("in-force", "restore", "that was withdrawn or is disputed"),
        ("disputed", "dispute", "disputed already"),
    ],
)
def test_a_refusal_says_what_to_do(before: str, op: str, advice: str) -> None:
    state = folded(added(), *(step(earlier, 0) for earlier in REACHED[Status(before)]))
    with pytest.raises(TransitionError) as caught:
        state.apply(step(op, 0))
    assert advice in caught.value.advice


def test_an_operator_who_withdraws_twice_is_told_how_to_undo_it() -> None:
    state = folded(added(), Withdraw(0, OPERATOR, DAY))
    with pytest.raises(TransitionError) as caught:
        state.apply(Withdraw(0, OPERATOR, DAY))
    assert caught.value.advice == "`optout restore` puts it in force again."


def test_the_table_is_whole() -> None:
    assert {(before, op) for before, op, _ in EXPECTED} == {(s, op) for s in Status for op in OPS}
    assert {(b, op): then for b, op, then in EXPECTED if then} == dict(TRANSITIONS)


def test_disputed_is_still_in_force() -> None:
    assert [status for status in Status if status.in_force] == ["in-force", "disputed"]


def test_undoing_a_withdrawal_does_not_bring_its_dispute_back() -> None:
    assert after("dispute", "withdraw", "restore") == Status.IN_FORCE


def test_an_entry_is_numbered_by_its_place_among_all_records() -> None:
    state = folded(added(0), step("dispute", 0), added(2, Kind.IMAGE, Grade.REVIEWED))
    assert list(state.entries) == [0, 2]
    entry = state.entries[2]
    assert (entry.index, entry.kind, entry.grade) == (2, Kind.IMAGE, Grade.REVIEWED)
    assert (entry.usage, entry.date, entry.commitment) == (("train-ai",), DAY, bytes(32))
    assert entry.auth == hashlib.sha256(token_of(2)).digest()


@pytest.mark.parametrize("entry", [1, 2, 3, 2**53 - 1])
def test_a_step_names_an_entry_that_stands_before_it(entry: int) -> None:
    state = folded(added(), step("dispute", 0))
    for op in OPS:
        with pytest.raises(TransitionError, match=f"no entry {entry}"):
            state.apply(step(op, entry))
        with pytest.raises(LogFault, match=f"record 2 of the log is a fault: .* no entry {entry}"):
            state.apply(step(op, entry).leaf())


def test_a_grade_goes_up_and_down_and_may_be_proved_again() -> None:
    grades = (Grade.REVIEWED, Grade.SELF, Grade.DOMAIN, Grade.DOMAIN)
    state = folded(added())
    for grade in grades:
        state.apply(step("grade", 0, grade=grade))
        assert (state.entries[0].grade, state.entries[0].status) == (grade, Status.IN_FORCE)


def test_a_grade_survives_what_happens_to_its_entry() -> None:
    ops = ("grade", "dispute", "restore", "withdraw", "restore", "withdraw", "erase")
    state = folded(added())
    for op in ops:
        state.apply(step(op, 0))
        assert state.entries[0].grade == Grade.DOMAIN


@pytest.mark.parametrize("op", ["withdraw", "erase"])
def test_a_claimant_ends_an_entry_by_its_token_alone(op: str) -> None:
    state = folded(added(7))
    for wrong in (token_of(8), token_of(7)[:-1] + b"\1", token_of(7) + b"\0", bytes(64)):
        record = step(op, 0, Revealed(wrong))
        with pytest.raises(TransitionError, match="token is not the one of entry 0"):
            state.apply(record)
        with pytest.raises(LogFault, match=r"record 1 of the log .* token is not the one"):
            state.apply(record.leaf())
    state.apply(step(op, 0, Revealed(token_of(7))))
    assert not state.entries[0].status.in_force


def test_erasures_are_counted() -> None:
    state = folded(added(0), added(1), step("erase", 0), step("withdraw", 1), step("erase", 1))
    assert (state.size, state.erasures) == (5, 2)


def test_a_clock_that_goes_back_is_no_fault() -> None:
    assert not folded(added(), Withdraw(0, OPERATOR, "1999-12-31")).entries[0].status.in_force


def test_a_malformed_leaf_is_named_by_its_position() -> None:
    leaves = [added().leaf(), b"{}", added().leaf()]
    with pytest.raises(LogFault, match="record 1 of the log is a fault"):
        fold(leaves)


def test_leaves_may_come_one_by_one() -> None:
    assert fold(iter([added().leaf()])).size == 1


def test_an_empty_log_has_nothing_in_force() -> None:
    assert fold([]) == State(size=0, entries={}, erasures=0)


def test_a_batch_is_checked_as_it_would_follow() -> None:
    state = folded(added(0), added(1))
    before = folded(added(0), added(1))
    state.check(step("withdraw", 0), step("restore", 0), added(4), step("withdraw", 4))
    with pytest.raises(TransitionError, match="entry 1 is withdrawn"):
        state.check(step("withdraw", 1), step("withdraw", 1))
    with pytest.raises(TransitionError, match="no entry 3"):
        state.check(step("withdraw", 0), step("withdraw", 3), added(4))
    assert state == before


class Model:
    """The design's sentences, one by one, over plain lists: slow, and easy to believe."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int, Grade | None]] = []

    def history(self, entry: int) -> list[tuple[str, Grade | None]]:
        return [(op, grade) for op, number, grade in self.log if number == entry]

    def is_entry(self, number: int) -> bool:
        return 0 <= number < len(self.log) and self.log[number][0] == "add"

    def status(self, entry: int) -> str:
        ops = [op for op, _ in self.history(entry)]
        if "erase" in ops:
            return "erased"
        moves = [op for op in ops if op in ("withdraw", "dispute", "restore")]
        last = moves[-1] if moves else "restore"
        return {"withdraw": "withdrawn", "dispute": "disputed", "restore": "in-force"}[last]

    def grade(self, entry: int) -> Grade | None:
        return [grade for _, grade in self.history(entry) if grade][-1]

    def allows(self, op: str, entry: int) -> bool:
        if not self.is_entry(entry):
            return False
        status = self.status(entry)
        if op in ("grade", "withdraw"):
            return status in ("in-force", "disputed")
        if op == "dispute":
            return status == "in-force"
        if op == "restore":
            return status in ("withdrawn", "disputed")
        return status != "erased"


class Folding(RuleBasedStateMachine):
    """A log grows by allowed records; refused ones are tried and change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.state = State()
        self.leaves: list[bytes] = []

    @rule(kind=st.sampled_from(Kind), grade=st.sampled_from(Grade))
    def add(self, kind: Kind, grade: Grade) -> None:
        record = added(len(self.leaves), kind, grade)
        self.state.apply(record)
        self.leaves.append(record.leaf())
        self.model.log.append(("add", len(self.model.log), grade))

    @rule(op=st.sampled_from(OPS), place=st.integers(0, 5), grade=st.sampled_from(Grade))
    def by_operator(self, op: str, place: int, grade: Grade) -> None:
        self.take(op, place, OPERATOR, grade)

    @rule(op=st.sampled_from(["withdraw", "erase"]), place=st.integers(0, 5), right=st.booleans())
    def by_token(self, op: str, place: int, right: bool) -> None:
        token = token_of(place if right else place + 1000)
        self.take(op, place, Revealed(token), Grade.SELF, right)

    def take(self, op: str, place: int, proof: Proof, grade: Grade, right: bool = True) -> None:
        record = step(op, place, proof, grade)
        if self.model.allows(op, place) and right:
            self.state.check(record)
            self.state.apply(record)
            self.leaves.append(record.leaf())
            self.model.log.append((op, place, grade if op == "grade" else None))
            return
        for attempt in (self.state.check, self.state.apply):
            with pytest.raises(TransitionError):
                attempt(record)
        with pytest.raises(LogFault, match=f"record {len(self.leaves)} of the log"):
            self.state.apply(record.leaf())

    @invariant()
    def the_state_is_the_models(self) -> None:
        entries = self.state.entries
        assert self.state.size == len(self.model.log)
        assert list(entries) == [n for n in range(self.state.size) if self.model.is_entry(n)]
        for number, entry in entries.items():
            assert entry.status == self.model.status(number)
            assert entry.grade == self.model.grade(number)
        assert self.state.erasures == [op for op, _, _ in self.model.log].count("erase")

    @invariant()
    def the_log_folds_to_the_same(self) -> None:
        assert fold(self.leaves) == self.state


TestFolding = Folding.TestCase
TestFolding.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def allowed(records: Iterable[Record]) -> list[bytes]:
    """The leaves of those records that a log takes, one after the other."""
    state, leaves = State(), []
    for record in records:
        try:
            state.apply(record)
        except TransitionError:
            continue
        leaves.append(record.leaf())
    return leaves


drawn = st.lists(
    st.builds(added, st.integers(0, 3)) | st.builds(step, st.sampled_from(OPS), st.integers(0, 8)),
    max_size=30,
)


@given(drawn, st.integers(0, 30))
def test_a_fold_can_be_stopped_and_taken_up_again(records: list[Record], cut: int) -> None:
    leaves = allowed(records)
    state = fold(leaves[:cut])
    for leaf in leaves[cut:]:
        state.apply(leaf)
    assert state == fold(leaves)


@given(drawn)
def test_what_is_erased_stays_erased(records: list[Record]) -> None:
    state, erased = State(), set()
    for leaf in allowed(records):
        state.apply(leaf)
        erased |= {i for i, entry in state.entries.items() if entry.status is Status.ERASED}
        assert all(state.entries[index].status is Status.ERASED for index in erased)
    assert len(erased) == state.erasures
