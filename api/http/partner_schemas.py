"""The JSON that partners are answered with: lists, reports, many addresses, pictures."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class SentUploadAnswer(BaseModel):
    """A list that is kept, and worked off in its turn."""

    id: str = Field(description="Ask for it at /v1/uploads/{id}.", examples=["1f0c6e2b1f0c6e2b"])


class RefusalAnswer(BaseModel):
    """One value of a list that was not taken."""

    place: str = Field(description="The line or row, as people count.", examples=["line 17"])
    reason: str = Field(description="An English sentence.")


class UploadAnswer(BaseModel):
    """A list, and how far it has come."""

    id: str
    state: Literal["waiting", "working", "done", "failed"] = Field(
        description=(
            "`waiting` for its turn, `working`, `done`, or `failed`: then `fault` says why, and "
            "what came before it is registered."
        )
    )
    takes_back: bool = Field(description="Whether it takes back what it lists.")
    rows: int = Field(description="Values that were looked at so far.")
    changed: int = Field(description="Those that were registered, or taken back.")
    known: int = Field(description="Those where nothing was left to do.")
    refused: int
    refusals: list[RefusalAnswer] = Field(description="The first of those that were refused.")
    fault: str | None = Field(description="What kept the list from being read to its end.")


class KeptReportAnswer(BaseModel):
    """A report that is kept."""

    number: int
    new: bool = Field(description="False where the same report was sent before.")


class ReportAnswer(BaseModel):
    """What a partner claims that entries took out of a corpus: it proves who says it, no more."""

    number: int = Field(description="Fetch it, as it was signed, at /v1/reports/{number}.")
    claimed_by: str
    corpus: str
    date: str = Field(description="The day it came, YYYY-MM-DD.")
    size: int = Field(description="Records of the log that the filter knew.")
    entries: int = Field(description="Entries that took something out.")
    rows: int = Field(description="Rows that they took out.")
    newest: bool = Field(description="Whether it is the partner's latest on this corpus.")


class ReportsAnswer(BaseModel):
    """A page of reports, in the order in which they came."""

    reports: list[ReportAnswer]


class AddressAnswer(BaseModel):
    """What holds for one address."""

    url: str = Field(description="The line, as it was sent.")
    opt_out: bool = Field(alias="optOut")
    opt_in: Literal[False] = Field(alias="optIn")


class AddressesAnswer(BaseModel):
    """One answer for each line, in order."""

    urls: list[AddressAnswer]


class HashRecord(BaseModel):
    """A hash of a picture, and whether it is still looked for."""

    last_modified: int = Field(alias="lastModtimestamp", description="Seconds since 1970.")
    signal: str = Field(alias="signalType", examples=["ImagePDQ"])
    value: str = Field(alias="hashValue", description="Empty where it was erased.")
    status: Literal["Active", "Withdrawn", "Deleted"] = Field(alias="hashStatus")
    cases: dict[str, str] = Field(
        alias="caseNumbers", description="The entry in the public log, and its status."
    )
    feedback: list[object] = Field(alias="CSPFeedbacks", description="Always empty.")


class FeedAnswer(BaseModel):
    """A page of the feed."""

    count: int
    next_timestamp: int = Field(alias="nextSetTimestamp", description="Seconds since 1970.")
    next_page: str = Field(alias="nextPageToken", description="Empty on the last page.")
    has_more: bool = Field(alias="hasMoreRecords")
    records: list[HashRecord] = Field(alias="hashRecords")
