"""The OpenAPI document: FastAPI's, with the shapes of bodies that are read here and of problems."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from .contact_schemas import Confirmation, ContactRequest
from .dispute_schemas import Counter, NoticeRequest, ReviewRequest
from .proof_schemas import ProofRequest
from .schemas import CaseRequest, ProblemAnswer, Withdrawal

DESCRIPTION = """\
Register what must not train AI models, follow it, take it back, erase it.

A case is opened without an account; its secret is the only key to it. What is registered is kept
as salted hashes in a public log; the snapshot at `/snapshot/snapshot.json` is what filters load.

**How often.** Requests are counted by network: an IPv4 address, or the /64 of an IPv6 one. Those
that read and those that change something are counted apart, and so are wrong secrets, wrong API
keys, codes to mail addresses, and what is registered below one domain. `RateLimit-Policy` and
`RateLimit` say how much there is and how much is left; who asks too often gets the status 429 with
`Retry-After`. One request takes many items at once, and the snapshot everything. Whoever needs
more asks the operator for an API key.

**Errors** are problems (RFC 9457). Their `errors` have a `reason` for programs:
- any body: `missing`, `extra-forbidden`, `literal-error`, `too-short`, `too-long`, `list-type`,
  `string-type`, `string-too-short`, `string-too-long`, `string-pattern-mismatch`, `int-type`,
  `greater-than-equal`, `model-type`;
- items: `union-tag-invalid`, `union-tag-not-found`, `passage-or-hash`, `one-digest`, `not-a-` or
  `not-an-` with the kind, `public-suffix`, `platform`, `handle`, `email`, `local-file`, `scheme`,
  `file-name`, `words`, `not-in-case`, `erased`;
- pictures: `too-large`, `too-many`, `empty`, `heic`, `too-many-pixels`, `not-a-picture`, `flat`;
- mail addresses: `no-address`, `not-ascii`, `local-part`, and codes: `wrong`, `expired`,
  `exhausted`, `used`, `no-contact`;
- proofs: `covers-nothing`, and others for what cannot be proved so.

More may come. `detail` and `advice` are for people.
"""

_ERRORS = {
    "/v1/cases/": {
        "401": "The case's secret is missing.",
        "404": "There is no such case with this secret, or no such part of it.",
    },
    "/v1/notices/": {
        "401": "The notice's secret is missing.",
        "404": "There is no such notice with this secret.",
    },
    "/v1/uploads/": {"404": "There is no such list of yours."},
    "/v1/reports/": {"404": "There is no such report."},
    "/v1/entries/": {"404": "There is no such entry."},
    "/snapshot/": {"404": "The snapshot has no such file."},
}
"""What is missing, by where it is asked for."""


def document_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for model in (
            CaseRequest,
            Withdrawal,
            ContactRequest,
            Confirmation,
            ProofRequest,
            NoticeRequest,
            Counter,
            ReviewRequest,
            ProblemAnswer,
        ):
            schemas.update(_definitions(model))
        _forget_fastapis_own_errors(document)
        _say_what_is_missing(document)
        _keep_what_is_null(document)
        components["securitySchemes"] = {
            "secret": {
                "type": "http",
                "scheme": "bearer",
                "description": "The secret of the case, or of the notice, as it was told.",
            },
            "key": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": (
                    "An API key that the operator has given you, with the word API in front: "
                    "`Authorization: API oo_upload_…`."
                ),
            },
        }
        app.openapi_schema = document
    return app.openapi_schema


def _forget_fastapis_own_errors(document: dict[str, Any]) -> None:
    # Ours are problems; FastAPI promises another shape wherever a path has a parameter.
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    for methods in document["paths"].values():
        for operation in methods.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]


def _say_what_is_missing(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        found = next((told for begin, told in _ERRORS.items() if path.startswith(begin)), {})
        for operation in methods.values():
            for status, meaning in found.items():
                if status in operation["responses"]:
                    operation["responses"][status]["description"] = meaning


def _keep_what_is_null(document: dict[str, Any]) -> None:
    # FastAPI leaves null out of examples, where it is a field's value like any other.
    for methods in document["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    _fill(content.get("example"), content.get("schema", {}), document)


def _fill(example: object, schema: dict[str, Any], document: dict[str, Any]) -> None:
    name = schema.get("$ref", "").rpartition("/")[2]
    shape = document["components"]["schemas"][name] if name else schema
    if isinstance(example, list):
        for one in example:
            _fill(one, shape.get("items", {}), document)
    elif isinstance(example, dict):
        for field in shape.get("required", ()):
            example.setdefault(field, None)
        for field, told in shape.get("properties", {}).items():
            _fill(example.get(field), told, document)


def _definitions(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), model.__name__: schema}
