"""What people type: @FILE lists, sizes, grades, pairs."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.cli import values
from optout.registry.errors import UsageError


def spread(*texts: str) -> list[str]:
    return [item.value for item in values.spread(texts)]


def test_a_value_stands_for_itself() -> None:
    assert spread("a", "b c", "") == ["a", "b c", ""]


def test_a_doubled_at_sign_is_a_literal_one() -> None:
    assert spread("@@anna", "@@@x") == ["@anna", "@@x"]


def test_a_file_gives_one_value_a_line_in_any_line_ending(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbfone\r\n\n  two \n@three\n\xc3\xa9")
    assert spread("zero", f"@{tmp_path / 'list'}", "end") == [
        *("zero", "one", "two", "@three", "é", "end")
    ]


def test_a_value_knows_the_line_it_stood_on(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("one\n\nthree\n")
    places = [item.place for item in values.spread([f"@{tmp_path / 'list'}"])]
    assert places == [f"{tmp_path / 'list'} line 1: ", f"{tmp_path / 'list'} line 3: "]


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))
    assert spread("@-") == ["one", "two"]


def test_a_missing_file_is_named_and_the_way_out_too() -> None:
    with pytest.raises(UsageError, match="@nowhere cannot be read: No such file") as caught:
        spread("@nowhere")
    assert "@@" in caught.value.advice


def test_an_account_that_is_read_as_a_file_is_told_how_accounts_are_written() -> None:
    with pytest.raises(UsageError, match="@Anna cannot be read") as caught:
        spread("@Anna")
    assert "instagram:anna" in caught.value.advice


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"fine\nna\xefve\n")
    with pytest.raises(UsageError, match="line 2 is not UTF-8"):
        spread(f"@{tmp_path / 'list'}")


@given(st.text(min_size=1))
def test_every_text_can_be_given_as_a_value(text: str) -> None:
    assert spread(f"@{text}" if text.startswith("@") else text) == [text]


def test_entry_numbers_keep_their_order_and_come_once() -> None:
    assert values.entry_numbers(["17", "3", "17", "0"]) == [17, 3, 0]


@pytest.mark.parametrize("text", ["x", "-1", "1.0", "²", "1_000", ""])
def test_what_is_no_entry_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no entry number"):
        values.entry_numbers([text])


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GiB", 2 * 2**30),
        ("500MB", 500 * 10**6),
        ("1.5G", 1_500_000_000),
        ("64 kib", 65536),
        ("1000", 1000),
        ("1000B", 1000),
    ],
)
def test_memory_is_read_in_the_usual_units(text: str, size: int) -> None:
    assert values.memory(text) == size


@pytest.mark.parametrize("text", ["", "much", "0", "-1G", "2XB", "2iB", "G", "1e9", "inf"])
def test_what_is_no_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no amount of memory"):
        values.memory(text)


def test_pairs_split_at_the_first_equals_sign() -> None:
    found = values.pairs("--column", ["url=a=b", "image=x"], ("url", "image"), right="PATH")
    assert found == [("url", "a=b"), ("image", "x")]


@pytest.mark.parametrize("text", ["url", "url=", "=x", "colour=x"])
def test_a_broken_pair_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="--column") as caught:
        values.pairs("--column", [text], ("url", "image"), right="PATH")
    assert caught.value.advice == "Write it as --column url=PATH; it may be url or image."


def test_a_grade_without_a_kind_holds_for_every_kind() -> None:
    grades = values.minimum_grades(["site=self", "domain"])
    assert grades.pop("site") == "self"
    assert set(grades.values()) == {"domain"}
    assert {"url", "image", "file"} <= grades.keys()


@pytest.mark.parametrize("text", ["best", "site=best", "everything=self"])
def test_an_unknown_grade_or_kind_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no (grade|kind)"):
        values.minimum_grades([text])


def test_usages_come_once_in_the_order_of_the_vocabulary() -> None:
    assert values.usages(["search", "train-ai", "search"]) == ("train-ai", "search")


def test_an_unknown_usage_is_refused() -> None:
    with pytest.raises(UsageError, match="'print' is no usage"):
        values.usages(["print"])
