"""The six records: their exact bytes, and that no other bytes are one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry import documents
from optout.registry.errors import LogFault, UsageError
from optout.registry.identifiers import USAGES, Grade, Kind
from optout.registry.log import (
    Add,
    ByOperator,
    Dispute,
    Erase,
    GradeChange,
    Record,
    Restore,
    Revealed,
    Withdraw,
    parse_leaf,
)

DAY = "2025-01-31"
TOKEN = bytes(range(16))
ADD = Add(Kind.URL, b"\x0c" * 32, b"\x0a" * 32, ("train-ai",), Grade.SELF, DAY)

days = st.dates().map(str)
entries = st.integers(0, 2**53 - 1)
operators = st.builds(
    ByOperator,
    st.text(
        st.characters(
            exclude_categories=["Cc", "Cs"],
            exclude_characters="\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        ),
        max_size=500,
    ),
)
proofs = st.builds(Revealed, st.binary(min_size=16, max_size=64)) | operators
records = st.one_of(
    st.builds(
        Add,
        st.sampled_from(Kind),
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=32, max_size=32),
        st.lists(st.sampled_from(USAGES), min_size=1, max_size=4).map(tuple),
        st.sampled_from(Grade),
        days,
    ),
    st.builds(GradeChange, entries, st.sampled_from(Grade), days, operators),
    st.builds(Withdraw, entries, proofs, days),
    st.builds(Dispute, entries, days, operators),
    st.builds(Restore, entries, days, operators),
    st.builds(Erase, entries, proofs, days),
)

LEAVES = {
    ADD: (
        b'{"auth":"%b","commitment":"%b","date":"2025-01-31","grade":"self","kind":"url",'
        b'"op":"add","usage":["train-ai"],"v":1}' % (b"0a" * 32, b"0c" * 32)
    ),
    GradeChange(7, Grade.DOMAIN, DAY, ByOperator("proved")): (
        b'{"by":"operator","date":"2025-01-31","entry":7,"grade":"domain","op":"grade","v":1,'
        b'"why":"proved"}'
    ),
    Withdraw(7, Revealed(TOKEN), DAY): (
        b'{"date":"2025-01-31","entry":7,"op":"withdraw",'
        b'"token":"000102030405060708090a0b0c0d0e0f","v":1}'
    ),
    Withdraw(7, ByOperator("a mistake"), DAY): (
        b'{"by":"operator","date":"2025-01-31","entry":7,"op":"withdraw","v":1,"why":"a mistake"}'
    ),
    Dispute(7, DAY): (
        b'{"by":"operator","date":"2025-01-31","entry":7,"op":"dispute","v":1,"why":""}'
    ),
    Restore(7, DAY): (
        b'{"by":"operator","date":"2025-01-31","entry":7,"op":"restore","v":1,"why":""}'
    ),
    Erase(7, Revealed(TOKEN), DAY): (
        b'{"date":"2025-01-31","entry":7,"op":"erase",'
        b'"token":"000102030405060708090a0b0c0d0e0f","v":1}'
    ),
    Erase(7, ByOperator("«déjà»"), DAY): (
        '{"by":"operator","date":"2025-01-31","entry":7,"op":"erase","v":1,"why":"«déjà»"}'
    ).encode(),
}


@pytest.mark.parametrize(("record", "leaf"), LEAVES.items())
def test_a_record_has_these_bytes_and_no_others(record: Record, leaf: bytes) -> None:
    assert record.leaf() == leaf
    assert parse_leaf(leaf) == record


@given(records)
def test_every_record_is_read_back(record: Record) -> None:
    leaf = record.leaf()
    assert parse_leaf(leaf) == record
    assert b"\n" not in leaf


@given(records)
def test_every_record_is_canonical_json(record: Record) -> None:
    assert record.leaf() == documents.canonical(json.loads(record.leaf()))


def test_the_longest_record_can_be_read() -> None:
    for text in ("\\" * 500, "\U0010ffff" * 500):
        record = Erase(2**53 - 1, ByOperator(text), DAY)
        assert parse_leaf(record.leaf()) == record


@pytest.mark.parametrize("leaf", LEAVES.values())
def test_the_same_json_in_another_form_is_refused(leaf: bytes) -> None:
    document = json.loads(leaf)
    first, *others = document
    forms = [
        leaf + b"\n",
        b" " + leaf,
        json.dumps(document).encode(),
        documents.render(document),
        documents.canonical(document).replace(b'"op"', rb'"\u006fp"'),
        documents.canonical(document).replace(b'"v":1', b'"v":1.0'),
        documents.canonical(document).replace(b'"v":1', b'"v":true'),
        documents.canonical(document).replace(b'"v":1', b'"v":1,"v":1'),
        json.dumps({**{name: document[name] for name in others}, first: document[first]}).encode(),
        leaf.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + leaf,
    ]
    for form in forms:
        assert form != leaf
        with pytest.raises(LogFault, match=r"record"):
            parse_leaf(form)


@pytest.mark.parametrize("leaf", LEAVES.values())
def test_a_field_more_or_less_is_refused(leaf: bytes) -> None:
    document = json.loads(leaf)
    for name in document:
        with pytest.raises(LogFault):
            parse_leaf(documents.canonical({k: v for k, v in document.items() if k != name}))
    for name in ("extra", "by", "token", "why", "grade", "kind", "entry"):
        if name not in document:
            with pytest.raises(LogFault):
                parse_leaf(documents.canonical({**document, name: "operator"}))


@pytest.mark.parametrize("leaf", LEAVES.values())
def test_a_field_of_another_type_or_value_is_refused(leaf: bytes) -> None:
    document = json.loads(leaf)
    unfit = (
        None,
        True,
        False,
        -1,
        1.5,
        "",
        "\n",
        "unknown",
        "0A" * 32,
        [],
        ["x"],
        [[]],
        {},
        {"a": 1},
    )
    for name in document:
        for other in unfit:
            if name == "why" and isinstance(other, str) and other != "\n":
                continue  # a reason may be any words
            with pytest.raises(LogFault):
                parse_leaf(documents.canonical({**document, name: other}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"entry":7', b'"entry":-7'),
        (b'"entry":7', b'"entry":07'),
        (b'"entry":7', b'"entry":7.0'),
        (b'"entry":7', b'"entry":7e0'),
        (b'"entry":7', b'"entry":true'),
        (b'"entry":7', b'"entry":9007199254740992'),
        (b'"entry":7', b'"entry":' + b"9" * 3000),
        (b'"entry":7', b'"entry":NaN'),
        (b"2025-01-31", b"2025-02-30"),
        (b"2025-01-31", b"20250131"),
        (b"2025-01-31", b"2025-W05-5"),
        (b"2025-01-31", b"2025-1-31"),
        (b"2025-01-31", b"0000-01-31"),
        (b"2025-01-31", "２025-01-31".encode()),
        (b'"operator"', b'"Operator"'),
        (b'"a mistake"', b'"a\\nmistake"'),
        (b'"a mistake"', b'"a\\u0000mistake"'),
        (b'"a mistake"', b'"a\\ud800mistake"'),
        (b'"a mistake"', '"a\u202emistake"'.encode()),
        (b'"a mistake"', b'"' + b"a" * 501 + b'"'),
        (b'"a mistake"', b'"a \\u006distake"'),
        (b'"a mistake"', b'"a\xffmistake"'),
        (b'"v":1', b'"v":2'),
    ],
)
def test_a_value_out_of_bounds_is_refused(old: bytes, new: bytes) -> None:
    leaf = LEAVES[Withdraw(7, ByOperator("a mistake"), DAY)]
    assert old in leaf
    with pytest.raises(LogFault, match="record"):
        parse_leaf(leaf.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'["train-ai"]', b"[]"),
        (b'["train-ai"]', b'"train-ai"'),
        (b'["train-ai"]', b'["train-ai","train-ai"]'),
        (b'["train-ai"]', b'["search","train-ai"]'),
        (b'["train-ai"]', b'{"train-ai":1}'),
        (b'["train-ai"]', b'["fun"]'),
        (b'"url"', b'"URL"'),
        (b'"url"', b'"album"'),
        (b'"self"', b'"root"'),
        (b"0a0a", b"0A0A"),
        (b"0a0a", b" 0a0a"),
        (b"0a0a", b"0a"),
        (b"0a0a", b"0a0a0a"),
        (b"0a0a", b"zz0a"),
    ],
)
def test_an_unfit_entry_is_refused(old: bytes, new: bytes) -> None:
    leaf = LEAVES[ADD]
    assert old in leaf
    with pytest.raises(LogFault, match="record"):
        parse_leaf(leaf.replace(old, new, 1))


@pytest.mark.parametrize("size", [16, 64])
def test_a_token_has_sixteen_to_sixty_four_bytes(size: int) -> None:
    record = Erase(7, Revealed(bytes(size)), DAY)
    assert parse_leaf(record.leaf()) == record


@pytest.mark.parametrize("size", [0, 15, 65])
def test_a_token_is_neither_guessable_nor_endless(size: int) -> None:
    leaf = LEAVES[Erase(7, Revealed(TOKEN), DAY)].replace(TOKEN.hex().encode(), b"00" * size)
    with pytest.raises(LogFault, match="token"):
        parse_leaf(leaf)
    with pytest.raises(UsageError, match="token"):
        Revealed(bytes(size))


@pytest.mark.parametrize(
    "leaf", [b"", b"null", b"1", b"[]", b'"add"', b"{", b"[" * 3000, b"{}", b'{"v":1}', b"9" * 4090]
)
def test_what_is_no_record_is_refused(leaf: bytes) -> None:
    with pytest.raises(LogFault, match="record"):
        parse_leaf(leaf)


@given(st.binary(max_size=300))
def test_anything_else_is_refused_in_words(leaf: bytes) -> None:
    with pytest.raises(LogFault, match="record"):
        parse_leaf(leaf)


@given(st.sampled_from(sorted(LEAVES.values())), st.data())
def test_a_changed_byte_is_another_record_or_none(leaf: bytes, data: st.DataObject) -> None:
    changed = bytearray(leaf)
    changed[data.draw(st.integers(0, len(leaf) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        record = parse_leaf(bytes(changed))
    except LogFault:
        return
    assert record.leaf() == changed
    assert record != parse_leaf(leaf)


def test_an_overlong_record_is_refused_before_it_is_read() -> None:
    with pytest.raises(LogFault, match="5000 bytes is too long"):
        parse_leaf(b" " * 5000)


def test_a_newer_version_is_named() -> None:
    with pytest.raises(LogFault, match="version 2 with op 'merge'") as caught:
        parse_leaf(b'{"op":"merge","v":2}')
    assert "newer version of optout" in caught.value.advice


def test_usages_are_put_in_order_once() -> None:
    usage = ("search", "train-ai", "search")
    record = Add(Kind.SITE, bytes(32), bytes(32), usage, Grade.DOMAIN, DAY)
    assert record.usage == USAGES == ("train-ai", "search")


@pytest.mark.parametrize("usage", [(), ("fun",), "train-ai"])
def test_an_entry_opts_out_of_something_known(usage: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="usage"):
        Add(Kind.SITE, bytes(32), bytes(32), usage, Grade.DOMAIN, DAY)


@pytest.mark.parametrize("sizes", [(31, 32), (32, 33)])
def test_commitments_and_auths_are_hashes(sizes: tuple[int, int]) -> None:
    commitment, auth = map(bytes, sizes)
    with pytest.raises(UsageError, match="32 bytes"):
        Add(Kind.SITE, commitment, auth, ("train-ai",), Grade.DOMAIN, DAY)


@pytest.mark.parametrize("why", ["two\nlines", "\x7f", "\x85", "\u2028", "\u202eback", "\ud800"])
def test_a_reason_is_one_line_of_plain_text(why: str) -> None:
    with pytest.raises(UsageError, match="reason"):
        ByOperator(why)


def test_a_reason_is_short() -> None:
    assert ByOperator("x" * 500).why == "x" * 500
    with pytest.raises(UsageError, match="501 characters"):
        ByOperator("x" * 501)


def test_there_is_no_entry_before_the_first() -> None:
    with pytest.raises(UsageError, match="no entry -1"):
        Dispute(-1, DAY)


@pytest.mark.parametrize("date", ["", "2025-13-01", "2025-02-29", "31.1.2025", "2025-01-31T00:00"])
def test_a_date_is_a_day_of_the_calendar(date: str) -> None:
    with pytest.raises(UsageError, match="no day of the calendar"):
        Dispute(0, date)
