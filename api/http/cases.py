"""/v1/cases: register, look, take back, erase."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Request
from optout.api.errors import Fault, ItemsRefused, SecretMissing, UnreadableBody, UnsupportedBody
from optout.api.service import (
    MULTIPART,
    Desk,
    Item,
    Refusal,
    media_type,
    read_form,
    read_lines,
    read_value,
)
from optout.registry.cases import Case
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import CANONICALISER_VERSION, USAGES, Identifier, Kind, canonical
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from .problems import MEDIA_TYPE, Problem, dump
from .schemas import (
    CASE_ANSWER_EXAMPLE,
    CASE_EXAMPLE,
    OPENED_EXAMPLE,
    PROBLEM_EXAMPLE,
    CaseAnswer,
    CaseRequest,
    File,
    Given,
    Image,
    OpenedAnswer,
    Text,
    Withdrawal,
    body_of,
    faults_of,
    pointer,
)

Model = TypeVar("Model", bound=BaseModel)
Number = Annotated[str, Path(description="The case number.", examples=["K7WQ-2MZD"])]

_FORM = {
    "schema": {
        "type": "object",
        "properties": {
            "lines": {
                "type": "string",
                "description": (
                    "Addresses, sites, accounts and works, one a line. A fault points at #/lines/ "
                    "and the line, counted from 1."
                ),
            },
            "pictures": {"type": "array", "items": {"type": "string", "format": "binary"}},
            "usage": {"type": "array", "items": {"type": "string", "enum": list(USAGES)}},
        },
    },
    "encoding": {"pictures": {"contentType": "image/jpeg, image/png, image/webp, image/gif"}},
}


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The document as bytes."""
        return dump(content)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the errors that an operation may answer with."""
    schema = {"$ref": "#/components/schemas/ProblemAnswer"}
    content: dict[str, Any] = {"schema": schema}
    described: dict[int | str, dict[str, Any]] = {}
    for status in (*statuses, 500, 503):
        shown = {**content, "example": PROBLEM_EXAMPLE} if status == 422 else content
        described[status] = {"description": _MEANINGS[status], "content": {MEDIA_TYPE: shown}}
    return described


_MEANINGS = {
    400: "The request cannot be read.",
    401: "The case's secret is missing, or the API key opens nothing here.",
    403: "A page of another site has sent this; nothing was done.",
    404: "No such case with this secret, or no such item in it.",
    409: "The item's state does not allow this.",
    413: "The request is too large.",
    416: "No part of the file lies there.",
    415: "The content type is none that is taken here.",
    422: "Something in the request is refused; nothing was changed.",
    500: "Something unforeseen went wrong.",
    503: "Too much is under way, or the registry cannot be reached.",
}


def routes(desk: Desk, base: Callable[[Request], str]) -> APIRouter:
    """The operations on cases.

    Args:
        desk: what carries them out.
        base: the address under which a request's sender reaches the service.
    """
    router = APIRouter(prefix="/v1/cases", tags=["cases"])
    secured: dict[str, Any] = {"security": [{"secret": []}]}

    @router.post(
        "",
        status_code=201,
        response_model=OpenedAnswer,
        responses={
            201: {"content": {"application/json": {"example": OPENED_EXAMPLE}}},
            **problems(400, 403, 413, 415, 422),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": body_of(CaseRequest, CASE_EXAMPLE),
                    MULTIPART: _FORM,
                },
            }
        },
    )
    async def open_case(request: Request) -> Response:
        """Register items under a new case: all of them, or none.

        The answer holds the case's secret, which nobody can show again.
        """
        if media_type(request.headers.get("content-type", "")) == MULTIPART:
            items, usage = await _from_form(request, desk)
        else:
            items, usage = await _from_json(request, desk)
        opened, checkpoint = await desk.register(items, usage)
        case = described(opened.case)
        by_index = {item["index"]: item for item in case["items"]}
        document = {
            **case,
            "items": [
                {**by_index[entry.index], "understood": item.understood or None}
                for entry, item in zip(opened.entries, items, strict=True)
            ],
            "secret": opened.secret,
            "link": f"{base(request)}/case/{opened.number}#{opened.secret}",
            "checkpoint": checkpoint,
        }
        return Json(document, 201, {"Location": f"/v1/cases/{opened.number}"})

    @router.get(
        "/{case}",
        response_model=CaseAnswer,
        responses={
            200: {"content": {"application/json": {"example": CASE_ANSWER_EXAMPLE}}},
            **problems(401, 404),
        },
        openapi_extra=secured,
    )
    async def read_case(case: Number, request: Request) -> Response:
        """Show a case: what it holds, and the state of each item."""
        return Json(described(await desk.read_case(case, secret_of(request))))

    @router.post(
        "/{case}/withdrawals",
        response_model=CaseAnswer,
        responses={
            200: {"content": {"application/json": {"example": CASE_ANSWER_EXAMPLE}}},
            **problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
        openapi_extra={
            **secured,
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(Withdrawal, {"items": [4711]})},
            },
        },
    )
    async def withdraw(case: Number, request: Request) -> Response:
        """Take items back: filters let them pass again. The case keeps showing them."""
        secret = secret_of(request)
        wanted = (await _read_model(request, Withdrawal, desk)).items
        held = {item.index for item in (await desk.read_case(case, secret)).items}
        strangers = [place for place, index in enumerate(wanted) if index not in held]
        if strangers:
            raise ItemsRefused(
                [
                    Fault(pointer("items", place), "not-in-case", "the case has no such item")
                    for place in strangers
                ]
            )
        await desk.withdraw(case, secret, list(dict.fromkeys(wanted)))
        return Json(described(await desk.read_case(case, secret)))

    @router.delete("/{case}", status_code=204, responses=problems(401, 404), openapi_extra=secured)
    async def erase_case(case: Number, request: Request) -> Response:
        """Erase a case: what the registry knows of its items is destroyed, for good."""
        await desk.erase(case, secret_of(request), None)
        return Response(status_code=204)

    @router.delete(
        "/{case}/items/{index}",
        status_code=204,
        responses=problems(401, 404, 409),
        openapi_extra=secured,
    )
    async def erase_item(
        case: Number, index: Annotated[int, Path(ge=0)], request: Request
    ) -> Response:
        """Erase one item: what the registry knows of it is destroyed, for good."""
        secret = secret_of(request)
        if index not in {item.index for item in (await desk.read_case(case, secret)).items}:
            return Problem(404, "the case has no such item")
        await desk.erase(case, secret, [index])
        return Response(status_code=204)

    return router


def secret_of(request: Request) -> str:
    """The case's secret, from the Authorization header.

    Raises:
        SecretMissing: there is none.
    """
    scheme, _, secret = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise SecretMissing
    return secret.strip()


def described(case: Case) -> dict[str, Any]:
    """A case as the API shows it."""
    return {
        "case": case.number,
        "date": str(case.date),
        "items": [
            {
                "index": item.index,
                "kind": str(item.kind),
                "value": item.shown,
                "understood": _understood(item.kind, item.shown),
                "state": str(item.status),
                "grade": str(item.grade),
                "usage": list(item.usage),
                "since": str(item.date),
            }
            for item in case.items
        ],
    }


def _understood(kind: Kind | str, shown: str) -> str | None:
    if kind in {Kind.FILE, Kind.IMAGE, Kind.TEXT}:
        return None
    try:
        return canonical(Kind(kind), shown)
    except IdentifierError:
        return None


async def _read_model(request: Request, model: type[Model], desk: Desk) -> Model:
    kind = media_type(request.headers.get("content-type", ""))
    if kind != "application/json":
        raise UnsupportedBody("the request's body is not JSON", "Send application/json.")
    body = b"".join([chunk async for chunk in request.stream()])
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise UnreadableBody(
            "the request's body is not readable JSON", "Send an object, as UTF-8."
        ) from fault
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        # Before every one of them is looked at.
        _check_most(len(document["items"]), desk)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ItemsRefused(faults_of(error)) from None


async def _from_json(request: Request, desk: Desk) -> tuple[list[Item], Sequence[str]]:
    wanted = await _read_model(request, CaseRequest, desk)
    items: list[Item] = []
    faults: list[Fault] = []
    for place, told in enumerate(wanted.items):
        result = _item(told, desk)
        if isinstance(result, Item):
            items.append(result)
        else:
            where = pointer("items", place, _place_of(told))
            faults.append(_fault(where, result))
    if faults:
        raise ItemsRefused(faults)
    return items, list(dict.fromkeys(wanted.usage))


def _place_of(told: Given) -> str:
    """The field of an item that says what it is about."""
    if isinstance(told, File):
        return "sha256" if told.md5 is None else "md5"
    if isinstance(told, Text) and told.value is None:
        return "digest"
    return "phash256" if isinstance(told, Image) else "value"


def _item(told: Given, desk: Desk) -> Item | Refusal:
    try:
        if isinstance(told, File):
            return _file(told)
        if isinstance(told, Image):
            hashed = told.phash256.lower()
            return Item(Identifier.image_phash256(hashed), hashed, hashed)
    except IdentifierError as error:
        article = "an" if told.kind == "image" else "a"
        return Refusal("", f"not-{article}-{told.kind}", error.message, error.advice)
    if isinstance(told, Text) and told.value is None:
        return _hashed_passage(told)
    return read_value(Kind(told.kind), told.value or "", desk.limits)


def _file(told: File) -> Item:
    if told.md5 is not None:
        digest = told.md5.lower()
        return Item(Identifier.file_md5(digest), f"md5:{digest}", f"md5:{digest}")
    digest = (told.sha256 or "").lower()
    return Item(Identifier.file_sha256(digest), digest, digest)


def _hashed_passage(told: Text) -> Item:
    """A passage that its sender hashed: a wrong probe finds nothing, and harms nobody."""
    digest = (told.digest or "").lower()
    matter = {"kind": "text", "digest": digest, "probe": (told.probe or "").lower()}
    return Item(Identifier.from_matter({"v": CANONICALISER_VERSION, **matter}), digest, "")


async def _from_form(request: Request, desk: Desk) -> tuple[list[Item], Sequence[str]]:
    content_type = request.headers.get("content-type", "")
    async with desk.uploads.hold_beyond(desk.limits.words, request.stream()) as body:
        form = await read_form(content_type, body, desk.limits)
        lines = read_lines("\n".join(form.texts("lines")), desk.limits)
        uploads = form.uploads("pictures")
        pictures = await desk.read_pictures(uploads)
    usage = list(dict.fromkeys(form.texts("usage"))) or ["train-ai"]
    found = [
        *((pointer("lines", line.number), line.result) for line in lines if not line.same_as),
        *((pointer("pictures", place), result) for place, result in enumerate(pictures)),
    ]
    _check_count(len(found), desk)
    faults = [_fault(where, result) for where, result in found if isinstance(result, Refusal)]
    faults += [
        Fault(pointer("usage", place), "literal-error", "this usage is not known")
        for place, name in enumerate(usage)
        if name not in USAGES
    ]
    if faults:
        raise ItemsRefused(faults)
    return [result for _, result in found if isinstance(result, Item)], usage


def _fault(where: str, refusal: Refusal) -> Fault:
    return Fault(where, refusal.reason, refusal.detail, refusal.advice)


def _check_count(count: int, desk: Desk) -> None:
    if not count:
        fault = Fault("", "too-short", "nothing was given to register")
        raise ItemsRefused([fault])
    _check_most(count, desk)


def _check_most(count: int, desk: Desk) -> None:
    most = desk.limits.items
    if count > most:
        detail = f"one case takes {most} items, and {count} were given"
        raise ItemsRefused([Fault(pointer("items"), "too-long", detail, "Open several cases.")])
