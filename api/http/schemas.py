"""The JSON of /v1: what is taken, what is answered, with the examples that the OpenAPI shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from optout.api.errors import Fault
from optout.api.words import says
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

Usage = Literal["train-ai", "search"]
KindName = Literal["url", "site", "prefix", "account", "work", "text", "file", "image"]
StateName = Literal["in-force", "disputed", "withdrawn", "erased"]
GradeName = Literal["self", "account", "domain", "reviewed"]
Number = Annotated[str, Field(examples=["K7WQ-2MZD"])]
Index = Annotated[int, Field(ge=0, description="The entry's place in the public log.")]
_PHASH256 = "^[0-9A-Fa-f]{64}$"
_PHASH64 = "^[0-9A-Fa-f]{16}$"


class Strict(BaseModel):
    """What a request brings: nothing unknown, and nothing taken for what it is not."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Url(Strict):
    """One address of one page or picture."""

    kind: Literal["url"]
    value: str = Field(examples=["https://anna.example/2024/harbour.jpg"])


class Site(Strict):
    """A host and everything below it."""

    kind: Literal["site"]
    value: str = Field(examples=["anna.example"])


class Prefix(Strict):
    """A part of a site: one path on one host, and everything below it."""

    kind: Literal["prefix"]
    value: str = Field(examples=["https://gallery.example/members/anna"])


class Account(Strict):
    """An account on a platform, with its past and future posts."""

    kind: Literal["account"]
    value: str = Field(
        description="platform:handle, @user@server, or the address of a profile.",
        examples=["instagram:anna", "@anna@mastodon.social"],
    )


class Work(Strict):
    """A book, an article or another work by its number."""

    kind: Literal["work"]
    value: str = Field(examples=["isbn:9780306406157", "doi:10.1000/182", "arxiv:2101.00001"])


class Text(Strict):
    """A passage of text, of at least 24 characters: its hash is what filters look for.

    Its beginning is kept, sealed, so that you know it again. Who does not want to send it sends its
    hash: `digest` is SHA-256 of `optout/v1/text`, a zero byte and the canonical form, `probe`
    XXH3-64 of the canonical form.
    """

    kind: Literal["text"]
    value: str | None = None
    digest: str | None = Field(default=None, pattern="^[0-9A-Fa-f]{64}$")
    probe: str | None = Field(default=None, pattern="^[0-9A-Fa-f]{16}$")

    @model_validator(mode="after")
    def _either(self) -> Text:
        hashed = self.digest is not None and self.probe is not None
        if (self.value is not None) == hashed or (self.digest is None) != (self.probe is None):
            raise PydanticCustomError(
                "passage-or-hash", "either value, or both digest and probe must be given"
            )
        return self


class File(Strict):
    """A file, byte for byte, by its SHA-256 or by its MD5: each is an entry of its own."""

    kind: Literal["file"]
    sha256: str | None = Field(default=None, pattern="^[0-9A-Fa-f]{64}$")
    md5: str | None = Field(default=None, pattern="^[0-9A-Fa-f]{32}$")

    @model_validator(mode="after")
    def _either(self) -> File:
        if (self.sha256 is None) == (self.md5 is None):
            raise PydanticCustomError("one-digest", "either sha256 or md5 must be given")
        return self


class ShortHashes(Strict):
    """A picture's phash64, `imagehash.phash(picture, hash_size=8)`, by shape."""

    original: str | None = Field(default=None, pattern=_PHASH64)
    square: str | None = Field(default=None, pattern=_PHASH64)
    padded: str | None = Field(default=None, pattern=_PHASH64)


class Image(Strict):
    """A picture by its perceptual hash: `imagehash.phash(picture, hash_size=16)`.

    A hash made by a client is compared more narrowly than one made here from the picture. Data sets
    store pictures in other shapes too: what of these tells nothing apart is passed over.
    """

    kind: Literal["image"]
    phash256: str = Field(pattern=_PHASH256)
    square: str | None = Field(
        default=None,
        pattern=_PHASH256,
        description="The phash256 of the largest square around its middle.",
    )
    padded: str | None = Field(
        default=None,
        pattern=_PHASH256,
        description="The phash256 of it on the middle of a white square.",
    )
    phash64: ShortHashes | None = None

    @property
    def long_hashes(self) -> dict[str, str]:
        """The phash256 by shape."""
        return _given({"original": self.phash256, "square": self.square, "padded": self.padded})

    @property
    def short_hashes(self) -> dict[str, str]:
        """The phash64 by shape."""
        return _given(self.phash64.model_dump() if self.phash64 else {})


def _given(hashes: Mapping[str, str | None]) -> dict[str, str]:
    return {shape: digits for shape, digits in hashes.items() if digits is not None}


WHICH_ENTRY = (
    "The numbers of the entries that cover something are told by: optout check KIND VALUE "
    "--snapshot SNAPSHOT; what became of one by /v1/entries/NUMBER, and of all by /v1/log."
)
"""Where somebody finds the number of an entry."""

Given = Url | Site | Prefix | Account | Work | Text | File | Image
"""One thing that somebody says no for."""


class CaseRequest(Strict):
    """Everything one person says no to at once.

    The answer lists one item for each of `items`, in the same order; only there does the position
    tell which is which. What is given twice has one index.
    """

    items: list[Annotated[Given, Field(discriminator="kind")]] = Field(min_length=1)
    usage: list[Usage] = Field(
        default=["train-ai"],
        min_length=1,
        max_length=16,
        description="The uses that are refused (AIPREF).",
    )


class Withdrawal(Strict):
    """The entries that are taken back."""

    items: list[Index] = Field(min_length=1)


class ClaimedAnswer(BaseModel):
    """What somebody claims that an entry took out of a corpus: it proves who says it, no more."""

    by: str = Field(description="Who claims it.")
    corpus: str
    date: str = Field(description="The day it was reported, YYYY-MM-DD.")
    rows: int


class ItemAnswer(BaseModel):
    """One item of a case."""

    index: int = Field(description="The entry's place in the public log.")
    kind: KindName
    value: str = Field(
        description=(
            "As it was given; a picture's file name, the beginning of a passage. Of what was given "
            "twice, in two spellings, the first is shown."
        )
    )
    understood: str | None = Field(
        description="The form that filters look for; null where only its hash is kept."
    )
    state: StateName
    grade: GradeName = Field(
        description="How the claim was proved; `self` is what somebody says without proof."
    )
    usage: list[str]
    since: str = Field(description="The day it was registered, YYYY-MM-DD.")
    reports: list[ClaimedAnswer]
    advice: str | None = Field(
        description=(
            "What its owner can do so that filters obey it; null where they do by default, or it "
            "is in force no longer."
        )
    )


class CaseAnswer(BaseModel):
    """A case and its items."""

    case: str
    date: str = Field(description="The day it was opened, YYYY-MM-DD.")
    items: list[ItemAnswer]
    undecided: int = Field(description="Notices against its items that are to be decided.")


class OpenedAnswer(CaseAnswer):
    """A new case. The secret is told here and never again."""

    secret: str
    link: str = Field(description="Opens the case in a browser; the secret is in the fragment.")
    checkpoint: str = Field(
        description="The log as it stood then: a C2SP signed note; empty if it could not be read."
    )


class ErrorAnswer(BaseModel):
    """One place of a request that is at fault."""

    pointer: str = Field(description="A URI fragment with a JSON pointer, such as #/items/0/value.")
    reason: str = Field(
        description=(
            "A stable word for programs. More may come: take one that you do not know for a "
            "refusal. They are listed at the head of this document."
        )
    )
    detail: str
    advice: str | None = None


class ProblemAnswer(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None
    advice: str | None = None
    errors: list[ErrorAnswer] | None = None


UNPROVED_SITE = "Filters obey a site once its domain is proved: see proofs."
"""What the owner of a site is told, which filters by default obey from grade `domain` on."""

CASE_EXAMPLE = {
    "items": [
        {"kind": "url", "value": "https://anna.example/2024/harbour.jpg"},
        {"kind": "site", "value": "anna.example"},
        {"kind": "account", "value": "instagram:anna"},
        {"kind": "work", "value": "isbn:9780306406157"},
        {
            "kind": "file",
            "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        },
    ],
    "usage": ["train-ai"],
}
ITEM_EXAMPLE = {
    "index": 4711,
    "kind": "url",
    "value": "https://anna.example/2024/harbour.jpg",
    "understood": "anna.example/2024/harbour.jpg",
    "state": "in-force",
    "grade": "self",
    "usage": ["train-ai"],
    "since": "2026-11-24",
    "reports": [
        {"by": "Harbour Models", "corpus": "Harbours 2026", "date": "2026-12-01", "rows": 340}
    ],
    "advice": None,
}
CASE_ANSWER_EXAMPLE = {
    "case": "K7WQ-2MZD",
    "date": "2026-11-24",
    "items": [ITEM_EXAMPLE],
    "undecided": 0,
}
OPENED_EXAMPLE = {
    **CASE_ANSWER_EXAMPLE,
    "items": [{**ITEM_EXAMPLE, "reports": []}],
    "secret": "Q4TN-7XKC-PM2A-ZV6H",
    "link": "https://optout.example/case/K7WQ-2MZD#Q4TN-7XKC-PM2A-ZV6H",
    "checkpoint": "optout.example\n4712\n3J2f…=\n\n— optout.example Az3G…=\n",
}
PROBLEM_EXAMPLE = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "1 item cannot be taken as given",
    "advice": "Nothing was changed. Correct or leave out what is listed, and send again.",
    "errors": [
        {
            "pointer": "#/items/1/value",
            "reason": "public-suffix",
            "detail": "co.uk is a public suffix",
            "advice": "Name the site itself.",
        }
    ],
}


def pointer(*steps: str | int) -> str:
    """A place in a JSON document, as a URI fragment (RFC 6901, section 6)."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return "#" + "".join(
        f"/{quote(step.encode('utf-8', 'replace'), safe=chr(126))}" for step in escaped
    )


def faults_of(error: ValidationError) -> list[Fault]:
    """What a model refuses, place by place, without quoting what was sent."""
    faults = []
    for told in error.errors(include_url=False, include_input=False):
        steps: list[str | int] = list(told["loc"])
        # The kind, which pydantic puts behind an item, is no step of the document.
        if len(steps) > 2 and steps[0] == "items" and isinstance(steps[1], int):
            del steps[2]
        elif len(steps) > 1 and steps[0] == "item":
            del steps[1]
        kind = told["type"]
        place = pointer(*(step if isinstance(step, int) else _short(step) for step in steps))
        advice = WHICH_ENTRY if (kind, place) == ("missing", "#/entry") else _advice(told)
        faults.append(Fault(place, kind.replace("_", "-"), _detail(told, steps), advice))
    return faults


def _detail(told: Any, steps: list[str | int]) -> str:  # noqa: ANN401 (what pydantic lists)
    kind = told["type"]
    if kind in _DETAILS:
        return _DETAILS[kind]
    if kind in _OURS:
        return str(told["msg"])
    name = next((step for step in reversed(steps) if isinstance(step, str)), "the request")
    return f"{_short(name)} {says(told)}"


def _short(step: str) -> str:
    return step if len(step) <= 80 else step[:79] + "…"


def _advice(told: Any) -> str:  # noqa: ANN401 (what pydantic lists)
    context = told.get("ctx", {})
    if told["type"] == "literal_error":
        return f"Give one of {context['expected']}."
    if told["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "")
    return _ADVICE.get(told["type"], "")


_KINDS = (
    "Kinds are url, site, prefix, account, work and text with a value, file with sha256 or md5, "
    "image with phash256."
)
_OURS = frozenset({"passage-or-hash", "one-digest"})
"""Faults that validators of ours find, in words of their own."""

_DETAILS = {
    "extra_forbidden": "this field is not known",
    "missing": "this field is missing",
    "model_attributes_type": "this is no object",
    "model_type": "this is no object",
    "union_tag_invalid": "this kind is not known",
    "union_tag_not_found": "the kind is missing",
}
_ADVICE = {
    "extra_forbidden": "Leave it out, or correct its name: /openapi.json lists all fields.",
    "list_type": 'Write it in brackets, even where it is one: ["…"].',
    "model_attributes_type": "Write it in braces, with a name before each value.",
    "model_type": "Write it in braces, with a name before each value.",
    "too_short": "Give one at least.",
    "union_tag_invalid": _KINDS,
    "union_tag_not_found": _KINDS,
}
_PATTERNS = {
    f"^[0-9A-Fa-f]{{{length}}}$": f"Give {length} hexadecimal digits, and nothing else."
    for length in (16, 32, 64)
}


def body_of(model: type[BaseModel], example: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """The OpenAPI description of a JSON body."""
    return {
        "schema": model.model_json_schema(ref_template="#/components/schemas/{model}"),
        "example": example,
    }
