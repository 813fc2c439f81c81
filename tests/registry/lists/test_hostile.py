"""Lists that are broken, or made to break who reads them: told of, in bounded memory."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.errors import UsageError
from optout.registry.lists import FORMS, LONGEST, ListRecord, open_hash_list
from optout.registry.lists.json_items import json_items

from .test_forms import MD5, hash_record, stopncii

Reading = Callable[..., list[ListRecord]]
HEAD = '{"hashRecords": ['
ONE = json.dumps(hash_record())

BROKEN: dict[str, tuple[str | bytes, str]] = {
    "empty": (b"", "is JSON, and no hash list that is known here"),
    "another document": ('{"urls": ["https://a.example"]}', "no hash list that is known here"),
    "a word": ("true", "no hash list that is known here"),
    "no JSON": ("hello", "is no JSON, or cut off"),
    "cut off in a record": (HEAD + ONE[:40], "is no JSON, or cut off"),
    "cut off between records": (HEAD + ONE + ",", "is no JSON, or cut off"),
    "cut off behind the records": (HEAD + ONE + "]", "is no JSON, or cut off"),
    "a comma too many": (HEAD + ONE + "], }", "is no JSON, or cut off"),
    "no colon": ('{"hashRecords" [', "is no JSON, or cut off"),
    "a key that is a number": ("{1: 2}", "is no JSON, or cut off"),
    "a constant of another language": (HEAD + '{"hashValue": NaN}]}', "is no JSON, or cut off"),
    "a number of a million digits": (HEAD + "1" * 5000 + "]}", "is no JSON, or cut off"),
    "Latin-1": (HEAD.encode() + b'{"hashValue": "\xe9', "is no JSON, or cut off"),
    "deep": (HEAD + "[" * 100_000, "is nested too deeply"),
    "deep objects": ('{"a":' * 100_000, "is nested too deeply"),
    "a field twice in a record": (
        HEAD + '{"signalType": "URL", "hashValue": "a", "hashValue": "b"}]}',
        "has the field 'hashValue' twice, after 0 records",
    ),
    "records twice": (HEAD + ONE + '], "hashRecords": []}', "the field 'hashRecords' twice"),
    "a field of a page twice": (
        HEAD + ONE + '], "count": 1, "count": 1}',
        "has the field 'count' twice, after 1 records",
    ),
    "a record without an end": (HEAD + '{"a": "' + "x" * (2 * LONGEST), "too long, or no JSON"),
    "a page that says much": (
        HEAD + "]" + "".join(f',"{n}":"{"x" * 1000}"' for n in range(1100)),
        "has a record that is too long",
    ),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_list_of_hashes_is_refused(
    text: str | bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=r"a\.json ") as told:
        list(open_hash_list(str(path)).records())
    assert words in told.value.message
    assert told.value.advice


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (7, "the record is not an object"),
        (hash_record(signalType=None), "has no signalType that is text"),
        (hash_record(hashValue=5), "has no hashValue that is text"),
        ({"signalType": "URL", "hashValue": "a"}, "has no hashStatus that is text"),
        (hash_record(hashStatus="Gone"), "'Gone' is no hashStatus that is known"),
        (hash_record(lastModtimestamp="now"), "its lastModtimestamp is no number of seconds"),
        (hash_record(lastModtimestamp=True), "its lastModtimestamp is no number of seconds"),
        (hash_record(caseNumbers=["a"]), "its caseNumbers are not an object"),
        (hash_record(hashValue=" "), "the record has no value"),
        (hash_record(signalType=""), "the record has no type of signal"),
        (hash_record(hashStatus="Deleted", hashValue="", caseNumbers={}), "has no value"),
        (hash_record(hashValue="\ud800"), "the record is not UTF-8 text"),
    ],
)
def test_a_record_of_stopncii_that_is_wrong_is_told_of_alone(
    record: object, words: str, reading: Reading
) -> None:
    first, wrong, last = reading("a.json", stopncii(hash_record(), record, hash_record()))
    assert words in wrong.fault
    assert wrong.place == "record 2"
    assert not first.fault
    assert not last.fault


def test_a_page_that_lacks_records_is_told_of(reading: Reading) -> None:
    *_, fault = reading("a.json", stopncii(hash_record(), count=2))
    assert fault.fault == "it says that it has 2 records, and has 1"


UPDATE = {"id": "7", "indicator": MD5, "type": "HASH_MD5", "should_delete": False}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ([], "the record is not an object"),
        ({**UPDATE, "indicator": None}, "has no indicator that is text"),
        ({**UPDATE, "type": 1}, "has no type that is text"),
        ({**UPDATE, "id": 1.5}, "its id is no text and no number"),
        ({**UPDATE, "should_delete": "yes"}, "its should_delete is neither true nor false"),
        ({**UPDATE, "descriptors": [1]}, "its descriptors are not objects under data"),
        ({**UPDATE, "descriptors": {"data": [1]}}, "its descriptors are not objects under data"),
        ({**UPDATE, "descriptors": {"data": [{"status": "BAD"}]}}, "'BAD' is no status"),
        ({**UPDATE, "descriptors": {"data": [{"status": []}]}}, "'[]' is no status"),
    ],
)
def test_a_record_of_threatexchange_that_is_wrong_is_told_of_alone(
    record: object, words: str, reading: Reading
) -> None:
    first, wrong = reading("a.json", json.dumps({"data": [UPDATE, record]}))
    assert words in wrong.fault
    assert not first.fault


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pdq", "the line has only 1 fields"),
        (f"md5,{MD5},gone,1,", "'gone' is no status that is known"),
        (f"md5,{MD5},active,1,yesterday", "its last_updated is no number of seconds"),
        (f"md5,{MD5},active,1,{'9' * 30}", "its last_updated is no number of seconds"),
        ("md5,,active,1,", "the record has no value"),
        (",0a,active,1,", "it does not say what its signal is"),
        (b"md5,\xe9,active,1,", "the record is not UTF-8 text"),
    ],
)
def test_a_line_that_is_wrong_is_told_of_alone(
    line: str | bytes, words: str, reading: Reading
) -> None:
    head = b"signal_type,signal_value,status,id,last_updated\n"
    data = line if isinstance(line, bytes) else line.encode()
    wrong, right = reading("a.csv", head + data + f"\n\nmd5,{MD5},,,\n".encode())
    assert words in wrong.fault
    assert wrong.place == "line 2"
    assert right == ListRecord("line 4", "md5", MD5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("signal_type,hash\n" + '"' + "x" * (LONGEST + 9), "is no CSV: "),
        ("signal_type,hash\n" + "x" * (LONGEST + 9), "is no CSV: a line has more than"),
        ("signal_type,hash,hash\nmd5,a,b\n", "has more than one column 'hash'"),
        ("a,b\n1,2\n", "has no column of signals"),
        ("", "has no column of signals"),
    ],
)
def test_what_is_no_csv_of_signals_is_refused(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UsageError, match=r"a\.csv ") as told:
        list(open_hash_list(str(tmp_path / "a.csv"), "threatexchange-csv").records())
    assert words in told.value.message


def test_a_form_that_is_not_known_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'csv' is no form of hash list") as told:
        open_hash_list("a.csv", "csv")
    assert "threatexchange-csv, threatexchange-json, stopncii" in told.value.advice
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        open_hash_list(str(tmp_path / "missing.json"))
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(UsageError, match="cannot be read: it is not what its name says"):
        open_hash_list(str(tmp_path / "a.json"))


def test_what_is_no_file_is_no_list_of_hashes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    assert open_hash_list(str(tmp_path / "a.json")) is None
    with pytest.raises(UsageError, match=r"a\.json is not a file"):
        open_hash_list(str(tmp_path / "a.json"), "stopncii")
    for name in ("a\0.json", "x" * 5000 + ".json"):
        with pytest.raises(UsageError, match="cannot be read: "):
            open_hash_list(name)


def test_utf_16_is_read_too(reading: Reading) -> None:
    assert len(reading("a.json", stopncii(hash_record()).encode("utf-16"))) == 1
    assert len(reading("a.csv", f"signal_type,hash\nmd5,{MD5}\n".encode("utf-16"))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "url\nhttps://a.example/\n"),
        ("a.txt", stopncii(hash_record())),
        ("a.jsonl", '{"url": "https://a.example/"}\n'),
        ("a.jsonl", '{"url": "https://a.example/"\n'),
        ("a.ndjson", ""),
    ],
)
def test_other_files_are_not_taken_for_lists_of_hashes(
    name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    assert open_hash_list(str(tmp_path / name)) is None


def test_a_long_list_is_never_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("w") as stream:
        stream.write(HEAD + ",".join([ONE] * 100_000) + "]}")
    found = open_hash_list(str(path))
    tracemalloc.start()
    assert sum(1 for _ in found.records()) == 100_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000
    assert path.stat().st_size > 20_000_000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Trickle(io.StringIO):
    """A file of which a character at a time arrives."""

    def read(self, size: int | None = -1) -> str:
        return super().read(min(1, size or 0))


@settings(max_examples=100, deadline=None)
@given(
    records=st.lists(JSON, max_size=5),
    page=st.dictionaries(st.text().filter("data".__ne__), JSON, max_size=3),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)
def test_items_are_what_the_library_reads_wherever_the_file_is_cut(
    records: list, page: dict, indent: int | None, ascii_only: bool
) -> None:
    whole = {**page, "data": records}
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only)
    for stream in (io.StringIO(text), Trickle(text)):
        *found, end = json_items(stream, "a.json", {"data"})
        assert [one.record for one in found] == records
        assert end.page == {**page, "data": None}
        assert end.number == len(records)
    array = json.dumps(records, indent=indent)
    assert [one.record for one in json_items(Trickle(array), "a", {"data"})] == records
    lines = "\n".join(map(json.dumps, [{}, *records, 12, page]))
    plain = [one for one in records if not isinstance(one, list)]
    if plain == records and not any(isinstance(one, dict) and "data" in one for one in records):
        read = [one.record for one in json_items(io.StringIO(lines), "a", {"data"})]
        assert read == [{}, *records, 12, page]


@settings(max_examples=300, deadline=None)
@given(
    at=st.integers(0, 400), cut=st.integers(0, 30), put=st.text('{}[],:"x0 \\\n\ud800', max_size=6)
)
def test_a_changed_list_is_read_or_refused(at: int, cut: int, put: str) -> None:
    text = stopncii(hash_record(), hash_record(hashStatus="Deleted"))
    changed = text[:at] + put + text[at + cut :]
    with suppress(UsageError):
        for record in FORMS["stopncii"].read(io.StringIO(changed), "a.json"):
            assert record.fault or record.signal
