"""Whatever the interface's own document allows to be sent is answered as that document says.

Requests are made from the document by schemathesis: its examples, what its schemas allow, and what
they forbid. They are sent to what there is, with what opens it, and to what there is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from optout.api.http.app import build
from optout.api.settings import Quotas, Settings
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, Method, Reason, Wish
from optout.registry.log import SigningKey
from optout.registry.partners import Purpose, Report
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python import asgi
from schemathesis.specs.openapi import checks

from tests.api.proofs.world import START, World, world
from tests.registry.cases.conftest import CODE

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
PURPOSES = {"uploads": Purpose.UPLOAD, "reports": Purpose.REPORT}
ADDRESS = "https://anna.example/2024/harbour.jpg"
PAGE = Identifier.url(ADDRESS)
REFUSED = {
    # What an example cannot hold: a code that came by mail, and a report that somebody has signed.
    "POST /v1/cases/{case}/contact/confirmations": 422,
    "POST /v1/reports": 422,
    # Examples name entries that are none of this registry.
    "POST /v1/cases/{case}/withdrawals": 422,
    "POST /v1/notices": 422,
}


class Service:
    """A service with something in it, so that operations have something to do.

    Attributes:
        document: what it says of its interface.
    """

    def __init__(self, held: Settings, around: World) -> None:
        self._registry = registry = Registry.open(held.registry)
        registry.cases.open_case([CaseItem(PAGE, ADDRESS)])
        verifier = str(SigningKey.generate("harbour.example").verifier)
        self._keys = {}
        for purpose in Purpose:
            told = verifier if purpose is Purpose.REPORT else ""
            partner, key = registry.partners.make("Harbour Models", purpose, verifier=told)
            self._keys[purpose] = key.text
            if purpose is Purpose.REPORT:
                size, root = registry.size, registry.root().hex()
                report = Report(
                    "Harbours", "2026-03-02", registry.origin, size, root, {0: 1}, b"{}"
                )
                registry.reports.keep(partner, report)
            elif purpose is Purpose.UPLOAD:
                registry.uploads.start("a" * 16, partner, "url", "csv", takes_back=False)
        self.app = build(held.registry, None, None, held.limits, held, around.outside)
        self._client = asgi.get_client(self.app).__enter__()
        self.document: dict[str, Any] = self._client.get("/openapi.json").json()

    def close(self) -> None:
        asgi.shutdown_lifespans()
        self._registry.close()

    def request(self, method: str, address: str) -> Any:
        return self._client.request(method, address)

    def send(self, case: Case, *, real: bool) -> Any:
        """Send what was generated, where wanted to what there is, with what opens it."""
        if real:
            self._point(case)
        return case.call(session=self._client)

    def _point(self, case: Case) -> None:
        if "{case}" in case.path or "{notice}" in case.path:
            names, secret = self._case(case.path)
            case.headers["Authorization"] = f"Bearer {secret}"
        else:
            names = {
                "index": "0",
                "upload": "a" * 16,
                "path": "snapshot.json",
                "prefix": "0" * 5,
            }
            purpose = PURPOSES.get(case.path.removeprefix("/v1/").partition("/")[0], Purpose.READ)
            case.headers["Authorization"] = f"Bearer {self._keys[purpose]}"
        for name in case.path_parameters:
            case.path_parameters[name] = names.get(name, case.path_parameters[name])

    def _case(self, path: str) -> tuple[dict[str, str], str]:
        """A case with everything that a path names, and the secret that opens it."""
        registry = self._registry
        opened = registry.cases.open_case([CaseItem(PAGE, ADDRESS)])
        owner, entry = (opened.number, opened.secret), opened.entries[0].index
        names, secret = {"case": opened.number, "index": str(entry)}, opened.secret
        if "{notice}" in path:
            notice = registry.notices.send(entry, PAGE, Reason.OTHER, "why", START)
            names["notice"] = notice.number
            secret = secret if "{case}" in path else notice.secret
        if "{proof}" in path:
            names["proof"] = registry.proofs.start(
                *owner,
                Method.DNS,
                "anna.example",
                bytes(32),
                now=START,
                expires=START + timedelta(days=30),
            )
        if "/contact" in path:
            registry.contacts.put(*owner, "anna@mail.example", CODE, language="en", wishes=Wish)
        return names, secret


@pytest.fixture
def service(new_registry: Callable[[], Path], tmp_path: Path) -> Iterator[Service]:
    held = Settings(registry=str(new_registry()), state=tmp_path, quotas=Quotas(enabled=False))
    with world(tmp_path) as around:
        served = Service(held, around)
        try:
            yield served
        finally:
            served.close()


def operations(service: Service) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(service.document, config=schemathesis.Config())
    schema.app = service.app
    for result in schema.get_all_operations():
        yield result.ok()


def each(examples: int) -> Callable[[Any], Any]:
    """The same requests in the same order, wherever and whenever."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def faults_of(case: Case, answer: Any) -> dict[str, str]:
    """In what an answer is another than the document says, by the sort of fault."""
    # What was drawn for an address may have made way for what there is.
    rejected = [] if case.path_parameters else [checks.negative_data_rejection]
    try:
        case.validate_response(answer, checks=[*CHECKS, *rejected])
    except FailureGroup as group:
        return {
            f"{case.operation.label}: {fault.title}": f"{fault.message}\n{answer.text[:300]}"
            for fault in group.exceptions
        }
    return {}


def faults(service: Service, mode: GenerationMode, examples: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for operation in operations(service):

        @each(examples)
        @given(
            case=operation.as_strategy(generation_mode=mode),
            real=st.sampled_from([True, True, False]),
        )
        def answered(case: Case, real: bool) -> None:
            found.update(faults_of(case, service.send(case, real=real)))

        try:
            answered()
        except Unsatisfiable:  # where any text may stand in an address, nothing is forbidden
            assert mode is GenerationMode.NEGATIVE
            assert not operation.body
    return found


def test_every_operation_does_what_its_examples_ask_for(service: Service) -> None:
    found: dict[str, str] = {}
    entered: dict[str, set[int]] = {}
    for operation in operations(service):
        told = operation.schema.get_strategies_from_examples(operation, fill_missing=True)

        @each(1)
        @given(case=st.one_of(*(told or [operation.as_strategy()])))
        def answered(case: Case) -> None:
            answer = service.send(case, real=True)
            entered.setdefault(case.operation.label, set()).add(answer.status_code)
            found.update(faults_of(case, answer))

        answered()
    assert found == {}
    refused = {name: min(got) for name, got in entered.items() if min(got) >= 400}
    assert refused == REFUSED


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_what_is_answered_is_described(service: Service, mode: GenerationMode) -> None:
    assert faults(service, mode, 3) == {}


@pytest.mark.long
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_what_is_answered_is_described_however_much_is_asked(
    service: Service, mode: GenerationMode
) -> None:
    assert faults(service, mode, 200) == {}


def test_every_other_method_is_refused_with_those_that_are_taken(service: Service) -> None:
    for path, taken in service.document["paths"].items():
        address = path.replace("{index}", "0").replace("{", "").replace("}", "")
        for method in {"get", "post", "put", "delete", "patch", "trace", "options"} - taken.keys():
            answer = service.request(method.upper(), address)
            assert answer.status_code == 405, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            allowed = set(answer.headers["allow"].lower().split(", "))
            assert allowed - {"head"} == taken.keys(), (method, path)
