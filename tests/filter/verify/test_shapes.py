"""What a glance tells of values is what patterns tell."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.filter.verify.forms import count_forms, like_json
from optout.filter.verify.shapes import present, shapes_of

PIECES = (
    *(b"http:", b"https:", b"HTTPS:", b"//", b"/", b"a", b"b.c", b"www.a.example/x", b"\xc3\xbf"),
    *(b" ", b"\t", b"\n", b"\r", b"\x0b", b"\x0c", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xa0"),
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFFxxxxWEBP", b"BMabcd\0\0\0\0"),
    *(b"II*\0", b"MM\0*", b"0000ftypavif", b"\xff\x0a", b"\0\0\0\x0cJXL \r\n"),
    *(b"10.1234/x", b"doi:10.1000/182", b"DOI :", b"isbn:978-3-16-148410-0", b"arXiv:2101.00001"),
    *(b"@anna@a.example", b"12345@N01", b"UC" + b"a" * 21 + b"A", b"octocat/hello"),
    *(b"[", b"{", b"0123456789abcdef", b"ABCDEF9876543210", b"00ff" * 8, b"word and more "),
)
NAMES = ("column", "url", "isbn", "author", "flickr_user", "repo_name", "x_md5", "phash")

# Bytes alone hardly ever are anything: most values are made of pieces of something.
VALUES = st.lists(
    st.one_of(
        st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(b"".join),
        st.binary(min_size=1, max_size=80),
    ),
    min_size=1,
    max_size=60,
)


def assert_a_glance_tells_what_patterns_tell(name: str, values: pa.LargeBinaryArray) -> None:
    shapes = shapes_of(values)
    assert shapes is not None
    assert count_forms(name, values, shapes) == count_forms(name, values)
    assert like_json(values, shapes).equals(like_json(values))


@settings(max_examples=150)
@given(st.sampled_from(NAMES), VALUES, st.integers(0, 5))
def test_a_glance_tells_what_patterns_tell(name: str, values: list[bytes], cut: int) -> None:
    assert_a_glance_tells_what_patterns_tell(name, pa.array(values, pa.large_binary()).slice(cut))


@pytest.mark.long
@settings(max_examples=20_000)
@given(st.sampled_from(NAMES), VALUES)
def test_a_glance_always_tells_what_patterns_tell(name: str, values: list[bytes]) -> None:
    assert_a_glance_tells_what_patterns_tell(name, pa.array(values, pa.large_binary()))


@pytest.mark.parametrize("size", range(1, 40))
def test_where_a_value_ends_another_does_not_go_on(size: int) -> None:
    whole = b"  https://a.example/ some words 0123456789abcdef"
    values = [whole[:size], whole[size:], whole[: -size - 1]]
    assert_a_glance_tells_what_patterns_tell("url", pa.array(values, pa.large_binary()))


def test_without_a_compiler_patterns_tell_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTOUT_KERNELS", "plain")
    assert shapes_of(pa.array([b"x"], pa.large_binary())) is None


@pytest.mark.parametrize("values", [[b"a", None, b"", b"b"], [b"a", b"b"], [None], [b""], []])
def test_what_is_there_is_neither_null_nor_empty(values: list[bytes | None]) -> None:
    array = pa.array(values, pa.large_binary())
    assert present(array).to_pylist() == [value for value in values if value]
