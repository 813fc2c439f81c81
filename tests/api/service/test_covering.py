"""Which items of a case a proof covers."""

from __future__ import annotations

from optout.api.proofs import Proof, covers
from optout.api.service.covering import Coverage, ways_of
from optout.registry.cases import Case, CaseEntry, Method
from optout.registry.identifiers import Grade, Kind, canonical
from optout.registry.log import Status

IN_FORCE = Status.IN_FORCE
SHOWN = [
    (Kind.URL, "https://Anna.example:443/a?b", IN_FORCE),
    (Kind.URL, "https://anna.example:8443/a", Status.DISPUTED),
    (Kind.SITE, "shop.anna.example", IN_FORCE),
    (Kind.PREFIX, "https://anna.example/prints/*", IN_FORCE),
    (Kind.URL, "https://github.com/anna/paintings", IN_FORCE),
    (Kind.ACCOUNT, "GitHub:Anna", IN_FORCE),
    (Kind.ACCOUNT, "instagram:anna", IN_FORCE),
    (Kind.URL, "http://192.0.2.7/a", IN_FORCE),
    (Kind.SITE, "anna.example", Status.WITHDRAWN),
    (Kind.SITE, "", Status.ERASED),
    (Kind.SITE, "co.uk", IN_FORCE),
    (Kind.TEXT, "anna.example", IN_FORCE),
    (Kind.FILE, "0" * 64, IN_FORCE),
    (Kind.IMAGE, "anna.example.jpg", IN_FORCE),
    (Kind.WORK, "doi:10.1000/anna.example", IN_FORCE),
]
CASE = Case(
    "K7WQ-2MZD",
    "2026-03-02",
    [
        CaseEntry(index, kind, text, status, Grade.SELF, ("train-ai",), "2026-03-02")
        for index, (kind, text, status) in enumerate(SHOWN)
    ],
)


COVERAGE = Coverage(CASE)


def test_what_a_proof_covers_of_a_case() -> None:
    assert COVERAGE.of(Method.DNS, "anna.example") == [0, 1, 2, 3]
    assert COVERAGE.of(Method.DNS, "shop.anna.example") == [2]
    assert COVERAGE.of(Method.FILE, "anna.example") == [0, 3]
    assert COVERAGE.of(Method.ACCOUNT, "github:anna") == [4, 5]
    assert COVERAGE.of(Method.ACCOUNT, "github:bob") == []


def test_a_case_is_covered_as_each_of_its_items_is() -> None:
    forms = [
        (index, kind, canonical(kind, shown))
        for index, (kind, shown, status) in enumerate(SHOWN)
        if status.in_force and kind not in {Kind.TEXT, Kind.IMAGE} and shown != "co.uk"
    ]
    subjects = ["anna.example", "shop.anna.example", "example", "na.example", "github.com"]
    for method in Method:
        for subject in [*subjects, "github:anna", "instagram:anna", "192.0.2.7", ""]:
            proof = Proof(method, subject)
            wanted = [index for index, kind, form in forms if covers(proof, kind, form)]
            assert COVERAGE.of(method, subject) == wanted


def test_advice_names_what_could_be_proved() -> None:
    assert COVERAGE.advice(Method.DNS) == (
        "Of this case can be proved in this way: anna.example (items 0, 1, 2, 3), "
        "shop.anna.example (item 2)."
    )
    assert COVERAGE.advice(Method.FILE) == (
        "Of this case can be proved in this way: anna.example (items 0, 3)."
    )
    assert COVERAGE.advice(Method.ACCOUNT) == (
        "Of this case can be proved in this way: github:anna (items 4, 5)."
    )
    nothing = Coverage(Case(CASE.number, CASE.date, CASE.items[6:]))
    for method in (Method.FILE, Method.ACCOUNT):
        assert nothing.advice(method) == "No item of this case can be proved in this way."


def test_the_ways_to_prove_items_name_hosts_by_their_own_name_and_the_widest_above() -> None:
    ways = {(way.method, way.subject): way.items for way in COVERAGE.ways()}
    assert ways == {
        (Method.DNS, "anna.example"): [0, 1, 2, 3],
        (Method.DNS, "shop.anna.example"): [2],
        (Method.FILE, "anna.example"): [0, 3],
        (Method.ACCOUNT, "github:anna"): [4, 5],
    }
    assert ways_of(CASE) == COVERAGE.ways()
