"""The page of error messages is what the code says, and every message is in the house's manner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .provoked import ROOT, listing, unprovoked

LISTING = listing()
MESSAGES = LISTING.messages()
ERRORS = [message for message in MESSAGES if message.is_error]


def test_the_page_and_the_code_say_the_same() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    assert page == LISTING.page(), "write it again: python docs/errors.py"


def test_every_area_of_the_code_has_its_place_on_the_page() -> None:
    page = LISTING.page()
    for message in MESSAGES:
        assert not message.is_error or LISTING.area_of(message.path) in LISTING.AREAS
        assert LISTING.cell(message.text) in page


def named(message: object) -> str:
    return f"{message.path}:{message.lines[0]}"


@pytest.mark.parametrize("message", ERRORS, ids=named)
def test_a_message_names_and_says_and_has_no_full_stop(message) -> None:
    assert message.text
    assert not message.text.endswith((".", "!", "?"))
    first = message.text.split()[0]
    # Names of people's things, of platforms and formats may begin it; a sentence may not.
    assert first[0] in "‹-@" or first == first.lower() or first == "Pillow"


@pytest.mark.parametrize("message", ERRORS, ids=named)
def test_advice_is_a_sentence(message) -> None:
    advice = message.advice
    if not advice or advice.startswith("‹"):
        return
    assert advice[0].isupper() or advice[0] in "`@-", advice
    command = ": " in advice and advice.rpartition(": ")[2]
    assert advice.endswith((".", "?", "›")) or command, advice


def test_a_message_that_no_test_provokes_is_found() -> None:
    every = [f"{m.path}:{m.lines[0]}" for m in ERRORS]
    assert unprovoked(every) == []
    lost = ERRORS[7]
    left = [place for place in every if place != f"{lost.path}:{lost.lines[0]}"]
    assert unprovoked(left) == [f"{lost.path}:{lost.lines[0]}: {lost.text}"]


def test_what_a_process_provokes_is_noted(tmp_path: Path) -> None:
    record = tmp_path / "provoked"
    program = "from optout.registry import Identifier\nIdentifier.site('co.uk')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ
        | {"OPTOUT_PROVOKED": str(record)}
        | {"PYTHONPATH": str(ROOT / "tests" / "house" / "recording")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "co.uk is a public suffix" in done.stderr
    (suffix,) = [m for m in ERRORS if m.text.startswith("‹host› is a public suffix")]
    noted = record.read_text().splitlines()
    assert f"{suffix.path}:{suffix.lines[0]}" in noted
    missing = unprovoked(noted)
    assert len(missing) > 100
    assert not [line for line in missing if suffix.text in line]
