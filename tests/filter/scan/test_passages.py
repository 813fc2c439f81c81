"""The compiled folding of passages is the reference's, over every character, alone and together."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.scan import Kernel, State, kernels_for, plain_kernels
from optout.registry.identifiers import Identifier, Kind
from optout.registry.snapshot import Snapshot

from .captions import CAPTIONS
from .folded import CHARACTERS, LEFT, MARKS, NUMBERS, ODD, damaged, fold_all, made_up, share_left

FEW = 0.05


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable) -> Snapshot:
    return snapshot_of(*map(Identifier.text, CAPTIONS.values()))


def kernels(snapshot: Snapshot) -> tuple[Kernel, Kernel]:
    given = (snapshot, frozenset(Kind), 30, ["text"])
    return kernels_for(*given)["text"], plain_kernels(*given)["text"]


def assert_same(snapshot: Snapshot, values: pa.LargeBinaryArray) -> None:
    one, other = (kernel(values) for kernel in kernels(snapshot))
    assert one.states.tolist() == other.states.tolist()
    assert sorted(one.traces) == sorted(other.traces)
    assert all(one.traces[place].words == other.traces[place].words for place in one.traces)


def test_characters_that_stay_as_they_are_do_so_in_company_too() -> None:
    plain = [character for character in CHARACTERS if not NUMBERS[ord(character)]]
    assert len(plain) > 1_000_000
    texts = ["".join(plain[start : start + 97]) for start in range(0, len(plain), 97)]
    assert share_left(texts) == 0
    assert all(state == State.JUDGED for state, _ in fold_all([t.encode() for t in texts[:-1]]))


@pytest.mark.parametrize(
    ("before", "behind"),
    [("", ""), ("a", "b"), ("É", "é"), ("क", "ा"), ("가", "각"), (" \u200b", "  x"), ("ｶ", "ﾞ")],
)
def test_every_character_folds_as_the_reference_says(before: str, behind: str) -> None:
    others = [character for character in CHARACTERS if NUMBERS[ord(character)]]
    assert len(others) > 10_000
    share_left([f"{before}{character}{behind}" for character in others])


def test_nearly_every_character_folds_without_the_reference() -> None:
    assert share_left([f"a{character}" for character in ODD]) < FEW


def test_what_composes_is_left_or_composed() -> None:
    pairs = []
    for character in CHARACTERS:
        parts = unicodedata.normalize("NFD", character)
        if parts != character:
            pairs += [parts, character + parts[-1], parts + parts[-1], "क" + parts, parts.upper()]
    assert len(pairs) > 50_000
    share_left(pairs)


def test_marks_in_company_stand_as_the_reference_orders_them() -> None:
    by_class = {unicodedata.combining(mark): mark for mark in MARKS}
    few = [*by_class.values(), *MARKS[::40]]
    bases = ["क", "e", "é", "ᄀ", "が", "ে"]
    texts = [f"{base}{one}{other}" for base in bases for one in few for other in few]
    assert 0 < share_left(texts) < 1
    share_left(
        [f"{base}{mark}" for mark in MARKS for base in [*bases, *"Aaनரமಕက", "\u200bन\u200b", "a "]]
    )


def test_made_up_texts_fold_as_the_reference_says() -> None:
    drawn = random.Random(5)
    assert share_left(made_up(drawn, 40_000)) < 1
    share_left(damaged(drawn, made_up(drawn, 10_000)))


@given(st.text(min_size=1, max_size=300))
def test_any_text_folds_as_the_reference_says(text: str) -> None:
    share_left([text.encode("utf-8", "surrogatepass")])


@given(st.binary(min_size=1, max_size=40))
def test_bytes_are_text_where_python_says_so(data: bytes) -> None:
    share_left([data])


@pytest.mark.parametrize("language", CAPTIONS)
def test_captions_of_any_language_need_no_reference(language: str) -> None:
    words = CAPTIONS[language].split()
    drawn = random.Random(language)
    texts = [" ".join(drawn.choices(words, k=12)) for _ in range(300)]
    assert share_left(texts) < FEW


@pytest.mark.parametrize("character", ["a", "É", "ß", "ﬁ", "…", "漢", "\U0001f6a2", "\u0e19"])
def test_characters_are_counted_in_the_form(character: str, snapshot: Snapshot) -> None:
    values = [f" {character * n}\u200b\n" for n in range(1, 40)]
    assert_same(snapshot, pa.array([value.encode() for value in values], pa.large_binary()))


def test_a_passage_is_found_in_whatever_way_it_is_written(snapshot: Snapshot) -> None:
    texts = []
    for caption in CAPTIONS.values():
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            text = unicodedata.normalize(form, caption)
            texts += [
                text,
                f"\u00a0 {text}\t",
                text.upper(),
                text.replace(" ", "\u2003\n"),
                text + ".",
            ]
    values = pa.array([text.encode() for text in texts], pa.large_binary())
    assert_same(snapshot, values)
    found = kernels(snapshot)[0](values).traces
    assert set(range(0, len(texts), 20)) <= set(found)
    assert len(found) > 15 * len(CAPTIONS)  # ı in capitals is I, and that is i


def test_texts_of_any_length_fold(snapshot: Snapshot) -> None:
    caption = CAPTIONS["English"]
    values = [
        b"x" * 1_000_000,
        f"{' ' * 300_000}{caption}{' ' * 300_000}".encode(),
        "\ufb01".encode() * 200_000,
        b"\xff" + b"x" * 100_000,
        b"x" * 100_000 + b"\xf0\x9f",
        caption.encode(),
    ]
    assert_same(snapshot, pa.array(values, pa.large_binary()))
    assert set(kernels(snapshot)[0](pa.array(values, pa.large_binary())).traces) == {1, 5}


def test_the_last_byte_of_a_text_is_the_last_that_is_read(snapshot: Snapshot) -> None:
    caption = CAPTIONS["Russian"].encode()
    for size in range(len(caption) + 1):
        room = np.frombuffer(bytearray(caption[:size] + "ё".encode() * 8), np.uint8)
        offsets = np.array([0, size], np.int64)
        values = pa.Array.from_buffers(
            pa.large_binary(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(room)]
        )
        assert_same(snapshot, values)


def test_arrays_whose_offsets_lead_astray_are_refused(snapshot: Snapshot) -> None:
    for offsets in ([0, 1 << 40, 4], [0, -8, 4], [0, 3, 1, 4]):
        values = pa.Array.from_buffers(
            pa.large_binary(),
            len(offsets) - 1,
            [None, pa.py_buffer(np.array(offsets, np.int64)), pa.py_buffer(b"abcd")],
        )
        with pytest.raises(pa.ArrowInvalid):
            kernels(snapshot)[0](values)


def test_left_is_no_state() -> None:
    assert LEFT not in list(State)
