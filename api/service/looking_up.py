"""What one asks for to know whether a thing is registered: itself, and all that would cover it.

`static/canonical.js` finds the same in a browser; both are held equal by a test.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from optout.api.limits import Limits
from optout.api.words import visible
from optout.registry.identifiers import (
    LEAST_CHARACTERS,
    Grade,
    Kind,
    fold_text,
    key_of,
    url_forms,
    work_form,
)
from optout.registry.log import Status

from .forms import Upload
from .items import Item, Refusal
from .lines import (
    BELOW,
    EXCERPT,
    kind_of,
    not_an_address,
    read_line,
    unwrapped,
    without_sentence,
    written_out,
)
from .prose import rows
from .ranges import DIGITS, IMAGES, ITEMS

_DIGEST = re.compile(r"(?:md5:)?[0-9a-f]{32}|[0-9a-f]{64}", re.IGNORECASE | re.ASCII)
_PLACES = (Kind.URL, Kind.SITE, Kind.PREFIX)


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is looked for.

    Attributes:
        kind: of the thing.
        form: what it is recognised by: the canonical form, or of a picture the file's name.
        space: `ITEMS` or `IMAGES`.
        digits: 64 hexadecimal digits, of which the first say what range it is in.
        covers: what names it to whoever reads a notice: `form`, but of a picture its phash256, and
            of a file its digest.
    """

    kind: Kind
    form: str
    space: str
    digits: str
    covers: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something that somebody asks about, as it was understood.

    Attributes:
        shown: as it was given.
        kind: what it was understood as.
        asked: what is looked for, what names it most closely first.
    """

    shown: str
    kind: Kind
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that covers what was asked about.

    Attributes:
        asked: what was looked for.
        grade: how the claim is proved.
        status: where it stands.
    """

    asked: Asked
    grade: Grade
    status: Status


def read_question(text: str, limits: Limits) -> Question | Refusal:
    """Understand what somebody asks about.

    Args:
        text: one link, site, account, number of a work or digest of a file; else a passage.
        limits: the ceilings on a line's and a passage's length.
    """
    if written_out(text) > limits.passage:
        return Refusal(visible(text), "too-long", "the text is longer than a passage may be")
    written = unwrapped(text)
    value = without_sentence(written)
    if _DIGEST.fullmatch(value):
        return _of_digest(value.lower())
    refusal = Refusal(visible(value), "not-a-text", "the passage is too short")
    if len(rows(value)) == 1:
        understood = _of_line(value, written, limits)
        if isinstance(understood, Question):
            return understood
        refusal = understood
    # What is neither an address nor an account may be a sentence.
    form = fold_text(text) if refusal.reason in {"words", "not-a-text", "too-long"} else ""
    if len(form) < LEAST_CHARACTERS:
        return refusal
    return Question(visible(text, EXCERPT), Kind.TEXT, (_item(Kind.TEXT, form),))


def _of_line(value: str, written: str, limits: Limits) -> Question | Refusal:
    shown = visible(value)
    if len(value) > limits.line:
        return Refusal(shown, "too-long", f"the line is longer than {limits.line:,} characters")
    kind = kind_of(value)
    if kind in {Kind.URL, Kind.SITE} and (reason := not_an_address(value, kind)):
        account = read_line(value, limits)
        return _of_named(account) if isinstance(account, Item) else Refusal(shown, *reason)
    if kind not in _PLACES:
        named = read_line(value, limits)
        return _of_named(named) if isinstance(named, Item) else named
    # Nobody can register all of a platform, but one can ask what is known of its start page.
    forms = url_forms(BELOW.sub("/", value))
    if forms is None:
        return Refusal(shown, f"not-a-{kind}", "this is not an address")
    if written != value:
        # What ends the sentence may belong to the link, as in `/wiki/Washington,_D.C.`
        forms += [form for form in url_forms(written) or () if form not in forms]
    asked = [_item(*form) for form in forms if (kind, form[0]) != (Kind.PREFIX, Kind.URL)]
    if work := work_form(value):
        asked.append(_item(Kind.WORK, work))
    # What was named comes first: of a site the site, and then its start page.
    asked.sort(key=lambda one: one.kind is not kind)
    return Question(shown, kind, tuple(asked))


def _of_named(item: Item) -> Question:
    return Question(item.shown, item.kind, (_item(item.kind, item.understood),))


def _of_digest(value: str) -> Question:
    if len(value) != 64:
        form = f"md5:{value.removeprefix('md5:')}"
        return Question(form, Kind.FILE, (_item(Kind.FILE, form),))
    picture = Asked(Kind.IMAGE, value, IMAGES, value, value)
    return Question(value, Kind.FILE, (_item(Kind.FILE, value), picture))


def _item(kind: Kind, form: str) -> Asked:
    return Asked(kind, form, ITEMS, key_of(kind, form).digest.hex(), form)


def picture_question(read: Item | Refusal, upload: Upload) -> Question | Refusal:
    """What to look for to know of a picture: its fingerprints, and the exact file.

    Args:
        read: the picture, or why it is none or cannot be told from others; then the file alone is
            looked for.
        upload: as it was sent.
    """
    if isinstance(read, Refusal) and (upload.excess or not upload.data):
        return read
    sha256 = hashlib.sha256(upload.data).hexdigest()
    md5 = hashlib.md5(upload.data, usedforsecurity=False).hexdigest()
    asked = [replace(_item(Kind.FILE, form), form=read.shown) for form in (sha256, f"md5:{md5}")]
    if isinstance(read, Refusal):
        return Question(read.shown, Kind.FILE, tuple(asked))
    hashes = read.identifier.hashes.get("phash256", {})
    variants = dict.fromkeys(hashed.hex() for hashed in hashes.values())
    pictures = [Asked(Kind.IMAGE, read.shown, IMAGES, digits, digits) for digits in variants]
    return Question(read.shown, Kind.IMAGE, (*pictures, *asked))


def found_in(asked: Asked, lines: Sequence[str]) -> list[Found]:
    """The entries of a range that are what is looked for.

    Args:
        asked: what is looked for.
        lines: of its range, as `Ranges.look_up` gives them.
    """
    found = []
    for line in lines:
        rest, _kind, grade, status, count = (part.strip() for part in line.split(":"))
        if rest == asked.digits[DIGITS:] and count != "0":
            found.append(Found(asked, Grade(grade), Status(status)))
    return found
