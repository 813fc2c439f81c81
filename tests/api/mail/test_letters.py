"""Letters: their words in every language, their headers, and values that cannot break out."""

from __future__ import annotations

import re
import stat
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import anyio
import optout.api.mail
import pytest
from jinja2.exceptions import UndefinedError
from optout.api.errors import LetterDelayed
from optout.api.mail import KINDS, Letter, OutboxMailer, Post, languages

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
POST = Post("optout@optout.example", "https://optout.example/no", lambda: NOW)
VALUES: dict[str, dict[str, str | int]] = {
    "code": {
        "code": "01234567",
        "minutes": 10,
        "case": "K7WQ-2MZD",
        "link": "https://optout.example/no/case/code",
    },
    "confirmed": {"case": "K7WQ-2MZD", "link": "https://optout.example/case/K7WQ-2MZD"},
    "graded": {"case": "K7WQ-2MZD", "link": "https://l.example", "items": 2, "name": "a.example"},
    "excluded": {
        "case": "K7WQ-2MZD",
        "link": "https://l.example",
        "items": 1,
        "corpus": "Great Pictures 5B",
        "partner": "Example Lab",
    },
}


def read(letter: Letter) -> EmailMessage:
    message = message_from_bytes(letter.as_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_every_language_has_every_letter() -> None:
    folder = Path(optout.api.mail.__file__).parent / "templates"
    assert {"en", "fr"} <= set(languages())
    for language in languages():
        assert {path.stem for path in (folder / language).iterdir()} == set(KINDS)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_says_what_it_is_about(kind: str, language: str) -> None:
    letter = POST.write(kind, language, "anna@anna.example", VALUES[kind])
    message = read(letter)
    text = message.get_content().replace("\r\n", "\n")
    assert text == letter.text
    for name, value in VALUES[kind].items():
        if name != "items":
            assert str(value) in text + str(message["Subject"])
    assert max(map(len, text.splitlines())) <= 100
    assert message.get_content_type() == "text/plain"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == language
    assert message["To"] == "anna@anna.example"
    assert message["From"] == "optout@optout.example"
    assert message["Date"].datetime == NOW
    assert re.fullmatch(r"<[0-9a-f]{32}@optout\.example>", message["Message-ID"])
    assert letter.as_bytes().isascii()
    assert max(map(len, letter.as_bytes().split(b"\r\n"))) <= 78
    if language == "fr":
        assert not re.search(r"[^\N{NARROW NO-BREAK SPACE}/\w][;:?!](?!/)", text)
        assert "'" not in text


@pytest.mark.parametrize("items", [1, 3])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_one_and_several_are_told_apart(items: int, language: str) -> None:
    text = POST.write("graded", language, "a@a.example", {**VALUES["graded"], "items": items}).text
    assert ("3" in text) == (items == 3)


def test_a_code_is_entered_where_the_service_stands() -> None:
    assert POST.code_link == VALUES["code"]["link"]


def test_another_language_gets_english() -> None:
    assert POST.write("code", "xx", "a@a.example", VALUES["code"]).language == "en"


def test_the_same_letter_is_the_same_however_often_it_is_sent() -> None:
    letter = POST.write("code", "en", "a@a.example", VALUES["code"])
    assert letter.as_bytes() == letter.as_bytes()


def test_a_letter_that_is_written_once_more_is_known_for_the_same() -> None:
    given = ("code", "en", "a@a.example", VALUES["code"])
    kept = {POST.write(*given, identity="4f1d0a9b").identity for _ in range(2)}
    (identity,) = kept
    assert re.fullmatch(r"<[0-9a-f]{32}@optout\.example>", identity)
    assert "4f1d0a9b" not in identity
    others = [POST.write(*given).identity for _ in range(2)]
    assert len({*kept, *others, POST.write(*given, identity="4f1d0a9c").identity}) == 4


def test_no_value_becomes_a_header_or_a_paragraph() -> None:
    wicked = "x\r\nBcc: b@b.example\r\n\r\nSend us money\u2028now\u202e" + "y" * 1000
    letter = POST.write("excluded", "en", "a@a.example", {**VALUES["excluded"], "partner": wicked})
    message = read(letter)
    assert message["Bcc"] is None
    assert "\n" not in letter.subject
    assert "\nSend us money" not in letter.text
    assert not set("\u2028\u202e\r") & set(letter.subject + letter.text)
    assert "y" * 401 not in letter.text


def test_no_address_becomes_a_header() -> None:
    letter = POST.write("code", "en", "a@a.example\r\nBcc: b@b.example", VALUES["code"])
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        letter.as_bytes()


def test_a_value_that_is_missing_is_a_fault() -> None:
    with pytest.raises(UndefinedError):
        POST.write("code", "en", "a@a.example", {"minutes": 10})


def test_the_outbox_holds_whole_letters_for_its_owner_only(tmp_path: Path) -> None:
    outbox = OutboxMailer(tmp_path / "state" / "outbox")
    letter = POST.write("code", "fr", "anna@anna.example", VALUES["code"])

    async def send() -> None:
        async with outbox.batch():
            await outbox.send(letter)
            await outbox.send(letter)

    anyio.run(send)
    files = list(outbox.folder.iterdir())
    assert len(files) == 2
    assert stat.S_IMODE(outbox.folder.stat().st_mode) == 0o700
    for file in files:
        assert re.fullmatch(r"20261128T120000Z-code-[0-9a-f]{8}\.eml", file.name)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.read_bytes() == letter.as_bytes()


def test_an_outbox_that_cannot_be_written_delays(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("no folder")
    letter = POST.write("code", "fr", "anna@anna.example", VALUES["code"])
    with pytest.raises(LetterDelayed, match="no letter can be put into") as caught:
        anyio.run(OutboxMailer(tmp_path / "outbox").send, letter)
    assert "anna" not in str(caught.value).replace(str(tmp_path), "")
