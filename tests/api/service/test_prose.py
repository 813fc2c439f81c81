"""Where prose stands among links and names, and that it is taken as one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.errors import BodyTooLarge
from optout.api.service import Item, Limits, Refusal, read_lines
from optout.api.service.prose import joined
from optout.registry.identifiers import Identifier, Kind

LIMITS = Limits()
SENTENCE = "The harbour lay still, and nobody had told the gulls about the strike."
POEM = """An old silent pond.
A frog jumps into the pond:
splash!

Silence again."""
LETTER = f"""Chapter one: the harbour

{SENTENCE} Somebody/everybody knew.
“Home.”
"""
JAPANESE = "港は静まり返っていて、ストライキのことをカモメに教えた者は誰もいなかった。"


def told(text: str) -> list[str]:
    """What each line was taken for: its kind, or why it was refused."""
    lines = read_lines(text, LIMITS)
    return [
        str(line.result.kind.value if isinstance(line.result, Item) else line.result.reason)
        for line in lines
    ]


@pytest.mark.parametrize(
    "text", [SENTENCE, POEM, LETTER, JAPANESE, JAPANESE * 2, "« Il était " + "une fois " * 4]
)
def test_prose_is_one_text_however_many_rows_and_paragraphs_it_has(text: str) -> None:
    (line,) = read_lines(text, LIMITS)
    assert isinstance(line.result, Item)
    assert line.result.identifier == Identifier.text(text)


def test_a_text_is_known_again_by_its_beginning_in_one_row() -> None:
    (line,) = read_lines(POEM, LIMITS)
    assert isinstance(line.result, Item)
    assert line.result.shown.startswith("An old silent pond. A frog jumps into the pond: splash!")


def test_a_long_paragraph_in_one_row_is_a_text_and_no_link_that_is_too_long() -> None:
    assert told(SENTENCE * 100) == ["text"]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"anna.example/a\n{POEM}\n@anna@social.example", ["url", "text", "account"]),
        (f"{SENTENCE}\nanna.example\n{POEM}", ["text", "site", "text"]),
        (f"{SENTENCE}\n\n\n{POEM}", ["text", "text"]),
        (f"{SENTENCE}\n@anna", ["text", "handle"]),
        (f"{SENTENCE}\nanna on Instagram", ["text", "account"]),
    ],
)
def test_a_text_ends_at_what_is_something_else_and_after_two_blank_rows(
    text: str, kinds: list[str]
) -> None:
    assert told(text) == kinds


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("my picture", ["words"]),
        ("my picture of the harbour at night", ["words"]),
        ("anna\nbob\ncarla\ndora\nemil\nfritz\ngeorg\nhans", ["handle"] * 8),
        ("Anna Smith\nBob Jones\nCarla Weber\nDora Maar", ["words"] * 4),
        ("@anna one two three four five six seven eight", ["words"]),
        ("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", ["words"]),
    ],
)
def test_names_and_short_descriptions_are_no_text(text: str, reasons: list[str]) -> None:
    assert told(text) == reasons


def test_a_row_that_holds_a_link_is_read_for_the_link() -> None:
    row = "Please leave out all of this: https://anna.example/gallery"
    lines = read_lines(f"{SENTENCE}\n{row}", LIMITS)
    assert [line.text for line in lines] == [
        SENTENCE,
        "Please leave out all of this:",
        "https://anna.example/gallery",
    ]
    assert isinstance(lines[1].result, Refusal)
    assert [line.is_aside for line in lines] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"{SENTENCE}\n--\nTom Hale", ["text", "words"]),
        (f"{SENTENCE}\n> {SENTENCE} Yes.\n{SENTENCE} No.", ["text", "text", "text"]),
        (f"{SENTENCE}\n* * *\n{SENTENCE}", ["text"]),
    ],
)
def test_a_text_ends_at_a_signature_and_where_a_mail_quotes(text: str, kinds: list[str]) -> None:
    assert told(text) == kinds


def test_the_same_text_again_repeats_it() -> None:
    lines = read_lines(f"{SENTENCE}\nanna.example\n{SENTENCE.upper()}", LIMITS)
    assert [line.same_as for line in lines] == [None, None, 1]


def test_a_text_of_too_many_rows_is_refused_before_anybody_reads_it() -> None:
    with pytest.raises(BodyTooLarge, match="more than 1,000 lines"):
        read_lines("a word or two\n" * 1001, LIMITS)


def test_a_text_beyond_its_ceiling_is_too_long() -> None:
    (line,) = read_lines(SENTENCE * 3, Limits(passage=100))
    assert isinstance(line.result, Refusal)
    assert line.result.reason == "too-long"


ROWS = st.sampled_from([SENTENCE, "splash!", "a b c d", "anna.example/a", "@anna", "", "  ", "x y"])
LISTS = st.sampled_from(["https://anna.example/b", "> x y", f"> {SENTENCE}", "--", "1.", "x y z:"])


@given(st.lists(ROWS | LISTS, max_size=10))
def test_what_was_read_is_read_alike_again(rows: list[str]) -> None:
    lines = read_lines("\n".join(rows), LIMITS)
    again = read_lines(joined([line.text for line in lines]), LIMITS)
    assert [line.text for line in again] == [line.text for line in lines]


@given(st.text(max_size=400))
def test_a_text_is_only_taken_as_a_text_that_the_registry_takes(text: str) -> None:
    for line in read_lines(text, LIMITS):
        if isinstance(line.result, Item) and line.result.kind is Kind.TEXT:
            assert line.result.identifier == Identifier.text(line.text)
