"""Whatever is done to a registry in whatever order, it is what a naive model says it is."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, CaseNotFound
from optout.registry.errors import TransitionError
from optout.registry.identifiers import Grade
from optout.registry.log import Checkpoint, fold, leaf_hash, root
from optout.registry.registry import Claim

# Few of each, so that the same thing is often said again.
ITEMS = [
    Identifier.url("https://anna.example/harbour.jpg"),
    Identifier.site("anna.example"),
    Identifier.file_sha256("ab" * 32),
]
USAGES = [("train-ai",), ("train-ai", "search")]

items = st.sampled_from(ITEMS)
usages = st.sampled_from(USAGES)
claims = st.lists(
    st.builds(Claim, items, usages, st.sampled_from([Grade.SELF, Grade.REVIEWED])), max_size=5
)
chosen = st.lists(st.integers(0, 30), max_size=3)
AFTER = {"withdraw": "withdrawn", "restore": "in-force", "erase": "erased"}


@dataclass
class Entry:
    identifier: Identifier
    usage: tuple[str, ...]
    grade: Grade
    status: str = "in-force"


@dataclass
class Case:
    number: str
    secret: str
    shown: dict[int, str] = field(default_factory=dict)


def allowed(entry: Entry | None, step: str) -> bool:
    """The rules of the log, in other words than the log's own."""
    if entry is None or entry.status == "erased":
        return False
    wanted = {"withdraw": "in-force", "restore": "withdrawn", "erase": entry.status}
    return entry.status == wanted[step]


class History(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        for path in self.template.iterdir():
            shutil.copy(path, self.folder)
        self.registry = Registry.open(self.folder / "optout.db")
        self.size = 0
        self.entries: dict[int, Entry] = {}
        self.latest: dict[object, int] = {}
        """Of what the operator claims, the entry that was made last: it is the one found again."""
        self.cases: list[Case] = []
        self.closed: list[Case] = []

    def teardown(self) -> None:
        self.registry.close()
        shutil.rmtree(self.folder)

    def _took_in(self, indexes: set[int]) -> None:
        assert indexes == set(range(self.size, self.size + len(indexes)))
        self.size += len(indexes)

    @rule(claims=claims)
    def add(self, claims: list[Claim]) -> None:
        added = self.registry.add(claims)
        assert len(added) == len(claims)
        new = set()
        for claim, one in zip(claims, added, strict=True):
            said = (claim.identifier, claim.usage, claim.grade)
            last = self.latest.get(said)
            if last is not None and self.entries[last].status == "in-force":
                assert (one.index, one.new) == (last, False)
            else:
                assert one.new
                new.add(one.index)
                self.latest[said] = one.index
                self.entries[one.index] = Entry(*said)
        self._took_in(new)

    @rule(wanted=st.lists(st.tuples(items, usages), min_size=1, max_size=4))
    def open_case(self, wanted: list[tuple[Identifier, tuple[str, ...]]]) -> None:
        given = [CaseItem(item, f"item {n}", usage) for n, (item, usage) in enumerate(wanted)]
        opened = self.registry.cases.open_case(given)
        case = Case(opened.number, opened.secret)
        seen: dict[object, int] = {}
        for item, one in zip(given, opened.entries, strict=True):
            key = (item.identifier, item.usage)
            assert one.new == (key not in seen)
            assert seen.setdefault(key, one.index) == one.index
            if one.new:
                self.entries[one.index] = Entry(item.identifier, item.usage, Grade.SELF)
                case.shown[one.index] = item.shown
        self._took_in(set(seen.values()))
        self.cases.append(case)

    @rule(step=st.sampled_from(["withdraw", "restore", "erase"]), picks=chosen)
    def operator(self, step: str, picks: list[int]) -> None:
        held = [*self.entries, self.size, self.size + 1]
        indexes = [held[pick % len(held)] for pick in picks]
        self._change(step, indexes, lambda: getattr(self.registry, step)(indexes))

    def _change(self, step: str, indexes: list[int], act) -> None:
        if all(allowed(self.entries.get(index), step) for index in indexes):
            act()
            for index in set(indexes):
                self.entries[index].status = AFTER[step]
            self.size += len(set(indexes))
        else:
            with pytest.raises(TransitionError):
                act()

    @rule(step=st.sampled_from(["withdraw", "erase"]), which=st.integers(0, 5), picks=chosen)
    def owner(self, step: str, which: int, picks: list[int]) -> None:
        if not self.cases:
            return
        case = self.cases[which % len(self.cases)]
        held = sorted(case.shown)
        indexes = [held[pick % len(held)] for pick in picks]
        act = getattr(self.registry.cases, step)
        asked = list(indexes)
        if step == "withdraw":  # an owner's, once more, changes nothing
            indexes = [at for at in indexes if self.entries[at].status != "withdrawn"]
        self._change(
            step, list(dict.fromkeys(indexes)), lambda: act(case.number, case.secret, asked)
        )

    @rule(step=st.sampled_from(["withdraw", "erase"]), which=st.integers(0, 5))
    def owner_ends_all(self, step: str, which: int) -> None:
        if not self.cases:
            return
        case = self.cases[which % len(self.cases)]
        indexes = [index for index in case.shown if allowed(self.entries[index], step)]
        act = getattr(self.registry.cases, step)
        self._change(step, indexes, lambda: act(case.number, case.secret, None))
        if step == "erase":
            self.cases.remove(case)
            self.closed.append(case)

    @rule()
    def reopen(self) -> None:
        self.registry.close()
        self.registry = Registry.open(self.folder / "optout.db")

    @invariant()
    def the_log_is_the_models(self) -> None:
        leaves = list(self.registry.leaves())
        assert self.registry.size == self.size == len(leaves)
        assert self.registry.root() == root(map(leaf_hash, leaves))
        signed = Checkpoint.open(self.registry.checkpoint(), self.registry.key.verifier)
        assert (signed.size, signed.root) == (self.size, self.registry.root())
        found = {
            index: (str(entry.status), entry.usage, entry.grade, entry.kind)
            for index, entry in fold(leaves).entries.items()
        }
        assert found == {
            index: (entry.status, entry.usage, entry.grade, entry.identifier.kind)
            for index, entry in self.entries.items()
        }

    @invariant()
    def openings_are_those_in_force(self) -> None:
        state = self.registry.state()
        found = [(o.index, o.check(state.entries[o.index])) for o in self.registry.openings()]
        assert found == [
            (index, entry.identifier)
            for index, entry in sorted(self.entries.items())
            if entry.status == "in-force"
        ]

    @invariant()
    def cases_show_their_items(self) -> None:
        for case in self.cases:
            read = self.registry.cases.read(case.number, case.secret)
            assert {item.index: (item.shown, str(item.status)) for item in read.items} == {
                index: ("" if self.entries[index].status == "erased" else shown, status)
                for index, shown in case.shown.items()
                for status in [self.entries[index].status]
            }
        for case in self.closed:
            with pytest.raises(CaseNotFound):
                self.registry.cases.read(case.number, case.secret)


@pytest.mark.long
def test_a_registry_is_what_the_model_says(empty_registry: Path) -> None:
    class OnTemplate(History):
        template = empty_registry

    run_state_machine_as_test(
        OnTemplate,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            # Making a failing history shorter can take longer than a test may.
            phases=[Phase.reuse, Phase.generate],
        ),
    )
