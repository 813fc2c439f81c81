"""Documents: the two forms of JSON, and readers that take nothing else."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st
from optout.registry import documents
from optout.registry.errors import LogFault, OptOutError

MOST = 2**53 - 1
STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = st.one_of(STRINGS, st.sampled_from(["a", "b", "\ue000", "\uffff", "\U00010000", "😀"]))
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-MOST, MOST),
        st.floats(allow_nan=False, allow_infinity=False),
        STRINGS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


@given(VALUES)
@example({"\ue000": 1, "\U00010000": 2, "a": 3})
@example([1.0, 1e21, 1e-7, -0.0, True, 1])
@example("".join(map(chr, [*range(0x21), 0x22, 0x2F, 0x5C, 0x7F, 0x85, 0x2028, 0x1F600])))
def test_the_canonical_form_is_that_of_rfc_8785(value: object) -> None:
    assert documents.canonical(value) == rfc8785.dumps(value)


def test_the_published_example_has_its_published_form() -> None:
    # RFC 8785, section 3.2.3.
    keys = {"\u20ac": 0, "\r": 1, "\ufb33": 2, "1": 3, "\U0001f600": 4, "\u0080": 5, "\u00f6": 6}
    written = json.loads(documents.canonical(keys), object_pairs_hook=list)
    assert [key for key, _ in written] == [
        *("\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"),
    ]


@pytest.mark.parametrize(
    "value",
    [MOST + 1, -MOST - 1, float("nan"), float("inf"), "\ud800", {"\udfff": 1}, {1: 1}, {1}, b"a"],
    ids=ascii,
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        documents.canonical({"inside": [value]})


@given(DOCUMENTS)
def test_what_is_rendered_is_read_back(document: dict) -> None:
    data = documents.render(document)
    assert documents.render(documents.parse(data, "it")) == data


@given(DOCUMENTS)
@example({"nested": [[[[[[[[[[{}, [], {"a": [None, True, -1, 0.5]}]]]]]]]]]], "": "\x7f\u2028"})
@example({"by number": {10: "x", 9: "y"}})
def test_what_is_rendered_is_what_the_library_makes(document: dict) -> None:
    made = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert documents.render(document) == made.encode()


@given(DOCUMENTS, st.data())
def test_another_spelling_is_not_read(document: dict, data) -> None:
    rendered = documents.render(document)
    at = data.draw(st.integers(0, len(rendered)))
    more = data.draw(st.sampled_from([b" ", b"\n", b"\t", b"0", b"\xef\xbb\xbf"]))
    for changed in (rendered[:at] + more + rendered[at:], rendered[:at]):
        try:
            read = documents.parse(changed, "it")
        except OptOutError:
            continue
        assert documents.render(read) == changed


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[]\n", b"{}", b"{}\n\n", b'{"a": NaN}', b'{"a": "\\ud800"}', b"\xff"),
        *(b'{\n  "a": 1,\n  "a": 1\n}\n', b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"),
    ],
)
def test_what_is_not_in_the_form_is_told_of(data: bytes) -> None:
    with pytest.raises(LogFault, match=r"^it is not"):
        documents.parse(data, "it", error=LogFault)


@pytest.mark.parametrize("depth", [1, 6, 900])
def test_a_small_file_that_nests_deeply_takes_no_more_than_its_size(depth: int) -> None:
    data = b'{"a":' + b"[" * depth + b",".join([b"1"] * 100_000) + b"]" * depth + b"}"
    tracemalloc.start()
    begun = time.monotonic()
    with pytest.raises(OptOutError, match="is not in the form"):
        documents.parse(data, "it")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * len(data)
    assert time.monotonic() - begun < 60
