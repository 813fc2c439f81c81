"""What somebody gives to be registered, as JSON or as a form: understood, or refused."""

from __future__ import annotations

from collections.abc import Sequence

from optout.api.errors import Fault, ItemsRefused
from optout.api.limits import Limits
from optout.api.service import Desk, Item, Refusal, read_form, read_lines, read_value
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import CANONICALISER_VERSION, USAGES, Identifier, Kind
from starlette.requests import Request

from .bodies import check_most, read_model
from .schemas import CaseRequest, File, Given, Image, Text, pointer

FORM = {
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
    "encoding": {
        "pictures": {"contentType": "image/jpeg, image/png, image/webp, image/gif, image/heic"}
    },
}


async def from_json(request: Request, desk: Desk) -> tuple[list[Item], Sequence[str]]:
    """The items and usages of a JSON request.

    Raises:
        UnsupportedBody: it is no JSON.
        UnreadableBody: it cannot be read.
        ItemsRefused: some of it cannot be registered.
        Busy: too many are waiting already.
    """
    wanted = await read_model(request, CaseRequest, desk.limits.items)
    items = await desk.readers.run(_all_items, wanted.items, desk.limits)
    return items, list(dict.fromkeys(wanted.usage))


def _all_items(given: Sequence[Given], limits: Limits) -> list[Item]:
    items: list[Item] = []
    faults: list[Fault] = []
    for place, told in enumerate(given):
        result = understood(told, limits)
        if isinstance(result, Item):
            items.append(result)
        else:
            where = pointer("items", place, _place_of(told))
            faults.append(_fault(where, result))
    if faults:
        raise ItemsRefused(faults)
    return items


async def one_item(told: Given, desk: Desk) -> Item:
    """The one `item` of a JSON request.

    Raises:
        ItemsRefused: no entry can cover it.
        Busy: too many are waiting already.
    """
    result = await desk.readers.run(understood, told, desk.limits)
    if isinstance(result, Refusal):
        raise ItemsRefused([_fault(pointer("item", _place_of(told)), result)])
    return result


def _place_of(told: Given) -> str:
    """The field of an item that says what it is about."""
    if isinstance(told, File):
        return "sha256" if told.md5 is None else "md5"
    if isinstance(told, Text) and told.value is None:
        return "digest"
    return "phash256" if isinstance(told, Image) else "value"


def understood(told: Given, limits: Limits) -> Item | Refusal:
    """One thing that was given, or why it cannot be registered.

    Long texts and hosts take a tenth of a second together, and the first hash of a picture seconds:
    nothing for the loop that everybody's requests go through.
    """
    try:
        if isinstance(told, File):
            return _file(told)
        if isinstance(told, Image):
            hashed = told.phash256.lower()
            identifier = Identifier.image_client(told.long_hashes, told.short_hashes)
            return Item(identifier, hashed, hashed)
    except IdentifierError as error:
        article = "an" if told.kind == "image" else "a"
        return Refusal("", f"not-{article}-{told.kind}", error.message, error.advice)
    if isinstance(told, Text) and told.value is None:
        return _hashed_passage(told)
    return read_value(Kind(told.kind), told.value or "", limits)


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


async def from_form(request: Request, desk: Desk) -> tuple[list[Item], Sequence[str]]:
    """The items and usages of a form, its pictures hashed.

    Raises:
        UnreadableBody: it cannot be read.
        BodyTooLarge: it brings too much.
        ItemsRefused: some of it cannot be registered.
        Busy: too many are waiting already.
    """
    content_type = request.headers.get("content-type", "")
    async with desk.uploads.hold_beyond(desk.limits.words, request.stream()) as body:
        form = await read_form(content_type, body, desk.limits)
        lines = await desk.readers.run(read_lines, "\n".join(form.texts("lines")), desk.limits)
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
    check_most(count, desk.limits.items)
