"""Pictures that people hand in: hashed at once, never kept.

Between the page that shows what was understood and the one that registers it, a picture travels
as its hashes. They are sealed, so that hashes made here keep the radius that hashes made by a
stranger do not get.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from optout.registry.documents import canonical
from optout.registry.errors import LogFault, PictureError
from optout.registry.identifiers import Identifier, Kind

from .forms import Upload
from .heic import as_png, can_be_read, is_heic
from .items import Item, Refusal, file_name


def read_picture(upload: Upload, number: int) -> Item | Refusal:
    """Hash one picture.

    Args:
        upload: the picture as it was sent.
        number: its place, from 1: what it is called when it has no name.

    Returns:
        an item of kind `image`; for a picture that is too plain to be told apart, a refusal that
        offers its exact bytes.
    """
    name = called(upload, number)
    if upload.excess == "too-large":
        return Refusal(name, "too-large", "the picture has more bytes than are taken here")
    if upload.excess == "too-many":
        return Refusal(name, "too-many", "more pictures were sent than one case takes")
    if not upload.data:
        return Refusal(name, "empty", "the file is empty")
    if is_heic(upload.data) and not can_be_read():
        return Refusal(name, "heic", "HEIC pictures cannot be read", "Send the picture as JPEG.")
    try:
        picture = as_png(upload.data) if is_heic(upload.data) else upload.data
        return item_of(Identifier.image(picture), name=name)
    except PictureError as error:
        return _refused(upload.data, name, error)


def called(upload: Upload, number: int) -> str:
    """What a picture is called: by its file's name, or by its place."""
    return file_name(upload.name) or f"#{number}"


def _refused(data: bytes, name: str, error: PictureError) -> Refusal:
    if "plain" not in error.message:
        reason = "too-many-pixels" if "pixel" in error.message else "not-a-picture"
        return Refusal(name, reason, error.message, error.advice)
    # It was read, and cannot be told apart.
    exact = item_of(*Identifier.files(data), name=name)
    return Refusal(name, "flat", error.message, error.advice, exact)


def item_of(identifier: Identifier, *also: Identifier, name: str) -> Item:
    """An item of kind `image` or `file`, by the name that its sender gave it.

    Args:
        identifier: of the picture, or of its exact bytes.
        also: the other digest of the same bytes.
        name: what it is called.
    """
    if identifier.kind is Kind.IMAGE:
        return Item(identifier, name, identifier.hashes["phash256"]["original"].hex())
    return Item(identifier, name, "", also)


class PictureSeal:
    """Hands hashes to a page and knows them again when they come back.

    The key lives as long as the process: what an older one sealed is refused, and the page then
    asks for the pictures again.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def close(self, item: Item) -> str:
        """An item as text for a hidden field."""
        matter = [identifier.matter() for identifier in item.identifiers]
        body = canonical({"matter": matter, "name": item.shown})
        return f"{_text(body)}.{_text(self._mark(body))}"

    def open(self, sealed: str) -> Item | None:
        """The item that `close` turned into text, or None if this process did not seal it."""
        try:
            body, mark = (urlsafe_b64decode(part) for part in sealed.encode("ascii").split(b"."))
            if not hmac.compare_digest(mark, self._mark(body)):
                return None
            told = json.loads(body)
            return item_of(*map(Identifier.from_matter, told["matter"]), name=told["name"])
        except (ValueError, LogFault):
            return None

    def _mark(self, body: bytes) -> bytes:
        return hmac.digest(self._key, b"optout/v1/page-picture\0" + body, "sha256")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii")
