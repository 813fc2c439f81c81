"""The JSON of notices and reviews: what is taken, what is answered, with examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from optout.registry.cases import MOST_CHARACTERS
from pydantic import BaseModel, Field

from .schemas import WHICH_ENTRY, Given, Index, Strict

ReasonGiven = Literal["not-theirs", "licensed", "mistaken-identity", "court-order", "other"]
NoticeStateName = Literal["open", "countered", "upheld", "rejected", "lapsed"]
Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Statement = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class NoticeRequest(Strict):
    """What somebody says against an entry."""

    entry: Index = Field(
        description=(
            "The number of the entry: its place in the public log. No range of digests tells it. "
            f"{WHICH_ENTRY}"
        )
    )
    item: Annotated[Given, Field(discriminator="kind")] = Field(
        description="What the entry covers: who does not know it is told nothing."
    )
    reason: ReasonGiven
    statement: Statement = Field(
        description="Why, for the owner and the operator; sealed, and destroyed with the entry."
    )


class Counter(Strict):
    """What the owner of an item says to a notice."""

    statement: Statement


class ReviewRequest(Strict):
    """What is shown to the reviewer, who sees hashes otherwise."""

    value: str = Field(
        min_length=1,
        description=(
            "What the entry covers, as it was registered; of a picture or a file, where it can be "
            f"seen. At most {MOST_CHARACTERS:,} characters; of a passage, as many as one may have."
        ),
    )
    note: Text = Field(default="", description="What the reviewer is to know.")


class SentNoticeAnswer(BaseModel):
    """A new notice. The secret is told here and never again."""

    notice: str
    secret: str
    entry: int
    reason: ReasonGiven
    state: Literal["open"] = Field(description="The entry is disputed, and stays in force.")
    made: str = Field(description="The day it came, YYYY-MM-DD.")
    due: str = Field(description="The day by which a person decides it, YYYY-MM-DD.")


class NoticeAnswer(BaseModel):
    """A notice as it stands."""

    notice: str
    entry: int
    reason: ReasonGiven
    statement: str | None = Field(description="Null once the entry is erased.")
    state: NoticeStateName = Field(
        description=(
            "`open`, `countered` once the owner has answered, `upheld` or `rejected` once it is "
            "decided, or `lapsed` where the entry ended before it was "
            "decided."
        )
    )
    made: str
    due: str
    counter: str | None = Field(description="What the owner says: for the owner alone.")
    countered: str | None
    decided: str | None
    because: str | None = Field(
        description="Why the operator decided so: null until then, and once the entry is erased."
    )


class NoticesAnswer(BaseModel):
    """The notices against the items of a case, the oldest first."""

    notices: list[NoticeAnswer]


class ReviewAnswer(BaseModel):
    """An item that was shown."""

    index: int
    state: Literal["asked", "reviewed", "declined"]
    value: str = Field(description="Empty once it is decided: then nobody sees it any more.")
    note: str = Field(description="Likewise.")
    answer: str = Field(description="What the reviewer says; empty until then.")
    asked: str = Field(description="The day it was shown, YYYY-MM-DD.")


class ReviewsAnswer(BaseModel):
    """What a case has shown, by entry."""

    reviews: list[ReviewAnswer]


NOTICE_EXAMPLE: dict[str, Any] = {
    "entry": 4711,
    "item": {"kind": "url", "value": "https://anna.example/2024/harbour.jpg"},
    "reason": "not-theirs",
    "statement": "The photograph is ours: see https://agency.example/4711.",
}
SENT_NOTICE_EXAMPLE = {
    "notice": "H3PX-77QA",
    "secret": "M2VK-QQ7B-ZD4N-6WTA",
    "entry": 4711,
    "reason": "not-theirs",
    "state": "open",
    "made": "2026-12-01",
    "due": "2026-12-21",
}
NOTICE_ANSWER_EXAMPLE = {
    "notice": "H3PX-77QA",
    "entry": 4711,
    "reason": "not-theirs",
    "statement": NOTICE_EXAMPLE["statement"],
    "state": "open",
    "made": "2026-12-01",
    "due": "2026-12-21",
    "counter": None,
    "countered": None,
    "decided": None,
    "because": None,
}
COUNTER_EXAMPLE = {"statement": "I took it in 2024; the agency sells prints of it."}
COUNTERED_EXAMPLE = {
    **NOTICE_ANSWER_EXAMPLE,
    "state": "countered",
    "counter": COUNTER_EXAMPLE["statement"],
    "countered": "2026-12-02",
}
REVIEW_EXAMPLE = {
    "value": "https://anna.example/2024/harbour.jpg",
    "note": "My name and studio stand in the site's imprint.",
}
REVIEW_ANSWER_EXAMPLE = {
    "index": 4711,
    "state": "asked",
    **REVIEW_EXAMPLE,
    "answer": "",
    "asked": "2026-12-01",
}
