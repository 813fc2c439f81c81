"""/v1/cases/{case}/contact: where a case wants its news."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from fastapi import APIRouter, Request
from optout.api.errors import AddressRefused, Fault
from optout.api.proofs import Outcome
from optout.api.service import CodeAsker, Desk
from optout.registry.cases import Contact, Wish
from starlette.responses import Response

from .access import SECURED, CaseNumber, secret_of, unlocked
from .answers import Json, problems
from .bodies import read_model
from .contact_schemas import (
    CONFIRMATION_EXAMPLE,
    CONFIRMED_EXAMPLE,
    CONTACT_ANSWER_EXAMPLE,
    CONTACT_EXAMPLE,
    Confirmation,
    ContactAnswer,
    ContactRequest,
)
from .problems import Problem
from .schemas import body_of, pointer

_CODE = pointer("code")
_AGAIN = "Send the address again, and a new one is sent there."
_REFUSED = {
    Outcome.WRONG: Fault(
        _CODE, "wrong", "this is not the code that was sent", "Compare it with the latest letter."
    ),
    Outcome.EXPIRED: Fault(_CODE, "expired", "the code is over", _AGAIN),
    Outcome.EXHAUSTED: Fault(_CODE, "exhausted", "the code was tried too often", _AGAIN),
    Outcome.USED: Fault(_CODE, "used", "the code was used before", "The address is confirmed."),
    None: Fault(_CODE, "no-contact", "the case has no contact", "Give an address first."),
}


def routes(desk: Desk, asker: Callable[[Request], CodeAsker | None] = lambda _: None) -> APIRouter:
    """The operations on contacts.

    Args:
        desk: does them.
        asker: whose codes a request is counted with; None counts nobody's.
    """
    router = APIRouter(prefix="/v1/cases/{case}/contact", tags=["contact"])
    confirmed = {"content": {"application/json": {"example": CONFIRMED_EXAMPLE}}}
    unconfirmed = {"content": {"application/json": {"example": CONTACT_ANSWER_EXAMPLE}}}

    @router.put(
        "",
        status_code=202,
        response_model=ContactAnswer,
        responses={
            200: {
                "description": "The address is confirmed already: no code was sent.",
                "model": ContactAnswer,
                **confirmed,
            },
            202: unconfirmed,
            **problems(400, 401, 404, 413, 415, 422, 429),
        },
        openapi_extra={
            **SECURED,
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(ContactRequest, CONTACT_EXAMPLE)},
            },
        },
    )
    async def put_contact(case: CaseNumber, request: Request) -> Response:
        """Say where to write to, in place of any address before; a code is sent there.

        Nothing else is sent before the code is entered. A mailbox gets at most ten codes an hour
        and twenty a day. The answer is the same where it gets none any more, and whether or not
        the mail server takes the letter. An address is no proof of anything.
        """
        secret = secret_of(request)
        told = await read_model(request, ContactRequest)
        try:
            contact, is_sent = await desk.contacts.put(
                case,
                secret,
                told.address,
                language=told.language,
                wishes=map(Wish, told.news),
                asker=asker(request),
            )
        except AddressRefused as error:
            fault = Fault(pointer("address"), error.reason, error.message, error.advice)
            return Problem(422, "the address cannot be taken", faults=[fault])
        return Json(described(contact), 202 if is_sent else 200)

    @router.get(
        "",
        response_model=ContactAnswer,
        responses={200: confirmed, **problems(401, 404)},
        openapi_extra=SECURED,
    )
    async def read_contact(case: CaseNumber, request: Request) -> Response:
        """Show the contact of a case."""
        contact = await desk.contacts.read(case, secret_of(request))
        return Json(described(contact)) if contact else _none(request)

    @router.post(
        "/confirmations",
        response_model=ContactAnswer,
        responses={200: confirmed, **problems(400, 401, 403, 404, 413, 415, 422)},
        openapi_extra={
            **SECURED,
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(Confirmation, CONFIRMATION_EXAMPLE)},
            },
        },
    )
    async def confirm_contact(case: CaseNumber, request: Request) -> Response:
        """Enter the code that was sent: from then on the case's news are.

        A code is good for ten minutes, for five attempts, and once.
        """
        secret = secret_of(request)
        code = (await read_model(request, Confirmation)).code
        outcome = await desk.contacts.confirm(case, secret, code)
        if outcome is not Outcome.CONFIRMED:
            return Problem(422, "the code is not accepted", faults=[_REFUSED[outcome]])
        contact = await desk.contacts.read(case, secret)
        return Json(described(contact)) if contact else _none(request)

    @router.delete("", status_code=204, responses=problems(401, 404), openapi_extra=SECURED)
    async def forget_contact(case: CaseNumber, request: Request) -> Response:
        """Forget the contact, and the letters that were to go there."""
        await desk.contacts.forget(case, secret_of(request))
        return Response(status_code=204)

    return router


def described(contact: Contact) -> dict[str, Any]:
    """A contact as the API shows it."""
    code = contact.code
    until = code.until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "address": contact.address,
        "language": contact.language,
        "news": [str(wish) for wish in Wish if wish in contact.wishes],
        "confirmed": contact.confirmed,
        "code": {"until": until, "attempts": code.attempts} if code.digest else None,
    }


def _none(request: Request) -> Problem:
    unlocked(request)
    return Problem(404, "the case has no contact", advice="Give one with PUT.")
