"""Works by their published numbers, passages by how they read, files by both digests."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import (
    Identifier,
    Kind,
    canonical,
    md5_key,
    text_key,
    work_keys,
)

PATIENT = settings(deadline=None)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ISBN 0-306-40615-2", "isbn:9780306406157"),
        ("isbn:0306406152", "isbn:9780306406157"),
        ("ISBN-13: 978-0-306-40615-7", "isbn:9780306406157"),
        ("ISBN-10: 0-8044-2957-X", "isbn:9780804429573"),
        ("urn:isbn:0-395-36341-1", "isbn:9780395363416"),
        ("isbn 979\u201110\u201190636\u201107\u20111", "isbn:9791090636071"),
        ("doi:10.1000/182", "doi:10.1000/182"),
        ("https://doi.org/10.1000/182", "doi:10.1000/182"),
        ("http://dx.doi.org/10.1002/(SICI)1097", "doi:10.1002/(sici)1097"),
        ("10.1038/ISSN.1476-4687", "doi:10.1038/issn.1476-4687"),
        ("info:doi/10.1000/123456", "doi:10.1000/123456"),
        ("https://doi.org/10.1000/456%23789", "doi:10.1000/456#789"),
        ("arXiv:0706.0001v2", "arxiv:0706.0001"),
        ("arXiv:1501.00001v1 [cs.CL]", "arxiv:1501.00001"),
        ("https://arxiv.org/pdf/2101.00001v3.pdf", "arxiv:2101.00001"),
        ("arXiv:math.GT/0309136v1", "arxiv:math/0309136"),
        ("arxiv:hep-th/9901001", "arxiv:hep-th/9901001"),
        ("https://doi.org/10.48550/arXiv.2101.00001", "arxiv:2101.00001"),
        (
            "ISCC:KACT4EBWK27737D2AYCJRAL5Z36G76RFRMO4554RU26HZ4ORJGIVHDI",
            "iscc:KACT4EBWK27737D2AYCJRAL5Z36G76RFRMO4554RU26HZ4ORJGIVHDI",
        ),
    ],
)
def test_a_work_has_one_form(text: str, form: str) -> None:
    assert canonical(Kind.WORK, text) == form
    assert canonical(Kind.WORK, form) == form
    assert [key.digest for key in work_keys(text)] == [Identifier.work(form).digest]


@pytest.mark.parametrize(
    "text",
    [
        *("isbn:9780306406158", "isbn:0306406153", "isbn:1234", "isbn:", "doi:10.1/x", "doi:abc"),
        *("arxiv:1413.0001", "arxiv:1412.00001", "arxiv:1501.0001", "arxiv:foo/9901001"),
        *("iscc:ABC", "", "9780306406157", "hello"),
    ],
)
def test_a_wrong_number_is_refused_with_advice(text: str) -> None:
    with pytest.raises(IdentifierError) as refusal:
        Identifier.work(text)
    assert refusal.value.advice
    assert work_keys(text) == ()


@pytest.mark.parametrize(
    "text", ["\u0130SBN:9780306406157", "i\u017fbn:9780306406157", "ar\u03a7iv:1"]
)
def test_letters_that_only_look_alike_make_no_label(text: str) -> None:
    assert work_keys(text) == ()
    with pytest.raises(IdentifierError):
        Identifier.work(text)


def test_a_bare_number_is_an_isbn_only_where_the_column_says_so() -> None:
    assert work_keys("9780306406157") == ()
    assert work_keys("0-306-40615-2", "isbn") == work_keys("isbn:9780306406157")


@PATIENT
@given(st.text("0123456789", min_size=9, max_size=9))
def test_one_wrong_digit_makes_an_isbn_wrong(nine: str) -> None:
    good = [last for last in "0123456789X" if work_keys(nine + last, "isbn")]
    assert len(good) == 1
    thirteen = canonical(Kind.WORK, f"isbn:{nine}{good[0]}")[5:]
    assert [last for last in "0123456789" if work_keys(thirteen[:12] + last, "isbn")] == [
        thirteen[12]
    ]


@PATIENT
@given(st.text(), st.sampled_from([None, "isbn", "doi", "arxiv", "iscc"]))
def test_no_value_brings_the_reader_of_works_down(value: str, scheme: str | None) -> None:
    assert len(work_keys(value.encode(errors="replace").decode(), scheme)) <= 1


PASSAGE = "The harbour lay quiet in the morning light."


@pytest.mark.parametrize(
    "text",
    [
        PASSAGE.upper(),
        f"\n  {PASSAGE}\u00a0 ",
        PASSAGE.replace(" ", "\n\t "),
        PASSAGE.replace("harbour", "har\u200bbo\u00adur"),
        PASSAGE.replace("a", "\uff41"),
    ],
)
def test_a_passage_is_one_however_it_is_spaced_and_capitalised(text: str) -> None:
    assert text_key(text) == text_key(PASSAGE)
    assert Identifier.text(text) == Identifier.text(PASSAGE)


def test_another_word_makes_another_passage() -> None:
    assert text_key(PASSAGE) != text_key(PASSAGE.replace("quiet", "silent"))


@pytest.mark.parametrize("length", [0, 1, 23, 24])
def test_a_passage_has_at_least_24_characters(length: int) -> None:
    text = "  " + "a" * length + "\u200b \n"
    assert (text_key(text) is not None) is (length >= 24)
    if length < 24:
        with pytest.raises(IdentifierError, match="too few"):
            Identifier.text(text)


@PATIENT
@given(st.text(st.characters(exclude_categories=()), min_size=24, max_size=80))
def test_a_folded_passage_is_its_own(text: str) -> None:
    key = text_key(text)
    if key is None:
        return
    folded = canonical(Kind.TEXT, text)
    assert canonical(Kind.TEXT, folded) == folded
    assert text_key(folded) == key


def test_a_file_has_an_entry_by_each_digest(tmp_path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    both = Identifier.parse_all(Kind.FILE, str(path))
    assert both == Identifier.files(b"abc")
    assert both[0] == Identifier.parse(Kind.FILE, str(path))
    md5 = "900150983cd24fb0d6963f7d28e17f72"
    assert both[1] == Identifier.file_md5(md5.upper())
    assert md5_key(md5).digest == hashlib.sha256(f"optout/v1/file\0md5:{md5}".encode()).digest()
    assert canonical(Kind.FILE, f"MD5:{md5}") == f"md5:{md5}"
    assert Identifier.parse_all(Kind.SITE, "anna.example") == (Identifier.site("anna.example"),)


@pytest.mark.parametrize("digits", ["", "ab", "g" * 32, "a" * 64])
def test_what_is_no_md5_is_refused(digits: str) -> None:
    with pytest.raises(IdentifierError, match="is no MD5 digest"):
        md5_key(digits)


def test_a_scheme_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(IdentifierError, match="'issn' is no scheme of works") as caught:
        work_keys("0306-4061", "issn")
    assert "isbn" in caught.value.advice


def test_a_number_with_much_white_space_in_it_is_none_at_once() -> None:
    assert work_keys("arxiv:2101.00001" + " " * 300_000 + "x") == ()
    assert work_keys("2101.00001" + " " * 300_000 + "[cs.LG]", "arxiv") != ()
