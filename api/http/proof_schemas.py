"""The JSON of proofs: what is taken, what is answered, with examples."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from .schemas import Strict

_MOST = 1024
"""Characters of what is to be proved: more than any name or address of a profile has."""


class ProofRequest(Strict):
    """What somebody wants to prove: a `domain` by `dns` or `file`, an `account` by `account`."""

    method: Literal["dns", "file", "account"]
    domain: str | None = Field(
        default=None,
        max_length=_MOST,
        description=(
            "dns proves it and every name below. file proves addresses of this very host only: "
            "pages and paths on it. The site needs dns."
        ),
        examples=["anna.example"],
    )
    account: str | None = Field(
        default=None,
        max_length=_MOST,
        description="platform:handle, @user@server, or the address of a profile.",
        examples=["github:anna"],
    )


class RecordAnswer(BaseModel):
    """A TXT record."""

    name: str
    value: str = Field(description="Its token is what counts, and its expiry where one is given.")


class FileAnswer(BaseModel):
    """A file."""

    url: str
    content: str = Field(
        description="All that the file holds; white space before and after it does no harm."
    )


class LineAnswer(BaseModel):
    """A line in what an account says of itself."""

    text: str
    profile: str = Field(description="The page of the account, whose description is to have it.")


class RecordPlace(BaseModel):
    """What is to be placed by `dns`."""

    record: RecordAnswer


class FilePlace(BaseModel):
    """What is to be placed by `file`."""

    file: FileAnswer


class LinePlace(BaseModel):
    """What is to be placed by `account`."""

    line: LineAnswer


class ProofAnswer(BaseModel):
    """A proof. Times are RFC 3339 by UTC."""

    id: str
    method: Literal["dns", "file", "account"]
    subject: str = Field(description="The domain or account, in canonical form.")
    state: Literal["asked", "standing", "ended"]
    grade: Literal["domain", "account"] | None = Field(
        description="What it gives its items; null while it is asked for."
    )
    place: RecordPlace | FilePlace | LinePlace = Field(
        description="What is to be placed, and where."
    )
    items: list[int] = Field(
        description="The items that it is for; while it is asked for, those that it would be."
    )
    made: str
    checked: str | None = Field(description="When it was last looked at, once it was found.")
    expires: str = Field(
        description="30 days after it was asked for, 365 days after it was found last."
    )
    missing: int = Field(
        description="How often in a row it was missing: looked at every 7 days, it ends at 3."
    )


class ProofsAnswer(BaseModel):
    """The proofs of a case, the oldest first."""

    proofs: list[ProofAnswer]


class CheckAnswer(BaseModel):
    """What came of looking at a proof."""

    found: bool | None = Field(description="null where nobody could be asked.")
    raised: list[int] = Field(description="The items whose grade this has raised.")
    advice: str | None = Field(description="What to do where it was not found.")
    proof: ProofAnswer


REQUEST_EXAMPLE = {"method": "dns", "domain": "anna.example"}
PROOF_EXAMPLE: dict[str, Any] = {
    "id": "4f1d0a9be27c6835",
    "method": "dns",
    "subject": "anna.example",
    "state": "asked",
    "grade": None,
    "place": {
        "record": {
            "name": "_optout-challenge.anna.example",
            "value": (
                "token=Zq3v0x8Rk1mT5yW7uJ2nB4cL6pD9sF0gHaKeXiQoVbU expiry=2027-12-24T09:30:00Z"
            ),
        }
    },
    "items": [4711, 4712],
    "made": "2026-11-24T09:30:00Z",
    "checked": None,
    "expires": "2026-12-24T09:30:00Z",
    "missing": 0,
}
CHECK_EXAMPLE = {
    "found": True,
    "raised": [4711, 4712],
    "advice": None,
    "proof": {
        **PROOF_EXAMPLE,
        "state": "standing",
        "grade": "domain",
        "checked": "2026-11-24T10:30:00Z",
        "expires": "2027-11-24T10:30:00Z",
    },
}
