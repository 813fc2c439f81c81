"""The JSON of contacts: what is taken, what is answered, with the examples of the OpenAPI."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from .schemas import Strict

News = Literal["confirmed", "graded", "excluded"]
Language = Literal["en", "fr"]


class ContactRequest(Strict):
    """Where a case wants its news, and which."""

    address: str = Field(
        min_length=1,
        max_length=1000,
        description="A mail address. Its part before the @ is plain ASCII.",
        examples=["anna@anna.example"],
    )
    language: Language = Field(default="en", description="The language of the letters.")
    news: list[News] = Field(
        default=["confirmed", "graded", "excluded"],
        max_length=16,
        description=(
            "What to write about: `confirmed`, that the address is confirmed; `graded`, that a "
            "proof was found; `excluded`, that a partner tells for the first time that an item "
            "was left out of a corpus."
        ),
    )


class Confirmation(Strict):
    """The code that was sent to an address."""

    code: str = Field(
        max_length=40,
        description="Eight digits; spaces and hyphens between them do not matter.",
        examples=["01234567"],
    )


class CodeAnswer(BaseModel):
    """How the code stands that was sent last."""

    until: str = Field(description="When it is over: RFC 3339, in UTC.")
    attempts: int = Field(description="How often one may still be tried.")


class ContactAnswer(BaseModel):
    """The contact of a case."""

    address: str
    language: Language
    news: list[News]
    confirmed: bool = Field(description="Whether the code was entered: before, nothing is sent.")
    code: CodeAnswer | None = Field(description="Null where none was sent, or it was used.")


CONTACT_EXAMPLE = {"address": "anna@anna.example", "language": "en", "news": ["excluded"]}
CONTACT_ANSWER_EXAMPLE = {
    **CONTACT_EXAMPLE,
    "confirmed": False,
    "code": {"until": "2026-11-24T12:10:00Z", "attempts": 5},
}
CONFIRMED_EXAMPLE = {**CONTACT_EXAMPLE, "confirmed": True, "code": None}
CONFIRMATION_EXAMPLE = {"code": "01234567"}
