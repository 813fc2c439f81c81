"""Plan and decision are read strictly: a byte or a type that is different is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest
from optout.filter.errors import EvidenceError
from optout.filter.run.decide import Decision
from optout.filter.verify.plan import DecisionPaper, EntryPaper, PlanPaper
from optout.registry import documents
from optout.registry.identifiers import Grade, Kind

from .conftest import FILE, HOST, IMAGE, URL, Run


def sealed(body: dict) -> bytes:
    body.pop("seal", None)
    return documents.render({**body, "seal": hashlib.sha256(documents.render(body)).hexdigest()})


def test_a_plan_says_what_was_to_be_obeyed(clean: Run) -> None:
    data = (clean.evidence / "plan.json").read_bytes()
    plan = PlanPaper.parse(data, "plan.json")
    assert plan.sha256 == hashlib.sha256(data).hexdigest()
    assert plan.shards == {"links.parquet", "deep/pictures.parquet"}
    assert plan.leaves == {"URL": {"url"}, "url": {"url"}, "jpg": {"image"}}
    assert (plan.recorded.origin, plan.recorded.size) == ("registry.example", 6)
    assert plan.recorded.digest == clean.snapshot.digest
    assert plan.key == str(clean.snapshot.key)


def test_a_decision_is_read_as_the_run_writes_it(clean: Run) -> None:
    data = (clean.evidence / "decision.json").read_bytes()
    paper, decision = DecisionPaper.parse(data, "d"), Decision.parse(data, "d")
    assert (paper.plan, paper.rows, paper.held) == (decision.plan, 320, frozenset())
    assert paper.entries == {
        URL: EntryPaper(Kind.URL, Grade.SELF, 2),
        HOST: EntryPaper(Kind.SITE, Grade.DOMAIN, 2),
        IMAGE: EntryPaper(Kind.IMAGE, Grade.SELF, 2),
        FILE: EntryPaper(Kind.FILE, Grade.REVIEWED, 1),
    }
    assert paper.sha256 == decision.digest


PLAN_CHANGES = [
    lambda plan: plan.pop("columns"),
    lambda plan: plan.update(columns=[{"path": 7, "role": "url"}]),
    lambda plan: plan.update(columns=[{"path": "URL", "role": "caption"}]),
    lambda plan: plan.update(columns=None),
    lambda plan: plan["policy"].update(radius=30.5),
    lambda plan: plan["policy"].update(radius="30"),
    lambda plan: plan["policy"].update(hold_rows=True),
    lambda plan: plan["policy"].update(usage="everything"),
    lambda plan: plan["policy"].update(kinds=7),
    lambda plan: plan["policy"].update(unknown=1),
    lambda plan: plan["policy"].update(min_grade=["site"]),
    lambda plan: plan["snapshot"].update(size=-1),
    lambda plan: plan["snapshot"].update(size=True),
    lambda plan: plan["snapshot"].update(root=None),
    lambda plan: plan.update(inputs=[1]),
    lambda plan: plan.update(mode=1),
    lambda plan: plan.update(versions=[]),
    lambda plan: plan.update(asked={}),
]


@pytest.mark.parametrize("change", PLAN_CHANGES, ids=range(len(PLAN_CHANGES)))
def test_a_plan_with_another_type_inside_is_no_plan(change: Callable, clean: Run) -> None:
    body = json.loads((clean.evidence / "plan.json").read_bytes())
    change(body)
    with pytest.raises(EvidenceError, match=r"plan\.json has not the fields of a plan"):
        PlanPaper.parse(sealed(body), "plan.json")


DECISION_CHANGES = [
    lambda decision: decision.pop("unseen"),
    lambda decision: decision.update(held=[{"entry": 1, "rows": 2}]),
    lambda decision: decision.update(held=["1"]),
    lambda decision: decision.update(held=7),
    lambda decision: decision.update(rows=1.5),
    lambda decision: decision.update(entries=[]),
    lambda decision: decision["entries"].update({"07": decision["entries"]["0"]}),
    lambda decision: decision["entries"].update({"x": decision["entries"]["0"]}),
    lambda decision: decision["entries"]["0"].update(kind="sound"),
    lambda decision: decision["entries"]["0"].update(grade="best"),
    lambda decision: decision["entries"]["0"].update(rows=-2),
    lambda decision: decision["entries"].update({"0": None}),
]


@pytest.mark.parametrize("change", DECISION_CHANGES, ids=range(len(DECISION_CHANGES)))
def test_a_decision_with_another_type_inside_is_no_decision(change: Callable, clean: Run) -> None:
    body = json.loads((clean.evidence / "decision.json").read_bytes())
    change(body)
    with pytest.raises(EvidenceError, match=r"d\.json has not the fields of a decision"):
        DecisionPaper.parse(sealed(body), "d.json")


@pytest.mark.parametrize("paper", [PlanPaper, DecisionPaper])
def test_another_format_is_not_read(paper: type[PlanPaper | DecisionPaper]) -> None:
    with pytest.raises(EvidenceError, match="of a format this optout does not know"):
        paper.parse(sealed({"format": "optout/v9/plan"}), "x.json")
    with pytest.raises(EvidenceError, match="does not match its seal"):
        paper.parse(documents.render({"format": "optout/v1/plan", "seal": "0"}), "x.json")


@pytest.mark.parametrize(
    ("role", "known"),
    [
        *((role, True) for role in ("md5", "phash64", "pdq256", "text", "work", "work:isbn")),
        *((role, True) for role in ("account:github", "account:flickr")),
        *((role, False) for role in ("account", "account:", "account:nobody", "work:", "work:x")),
        *((role, False) for role in ("url:github", "phash", "TEXT", "")),
    ],
)
def test_a_role_of_a_plan_must_be_one(role: str, known: bool, clean: Run) -> None:
    plan = json.loads((clean.evidence / "plan.json").read_bytes())
    plan["columns"] = [{"path": "meta{}[].src", "role": role}]
    if known:
        leaves = PlanPaper.parse(sealed(plan), "plan.json").leaves
        assert leaves == {"meta{}[].src": {role}}
    else:
        with pytest.raises(EvidenceError, match="has not the fields of a plan"):
            PlanPaper.parse(sealed(plan), "plan.json")
