"""Every form of list: what its records say, and that what is written is read again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.lists import FORMS, SIGNALS, ListRecord, Standing, open_hash_list

PDQ = "2afc4a5c09628a7961c14d436493bba66b89b831453baa1d556ba385554daa82"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"

Reading = Callable[..., list[ListRecord]]


def plain(record: ListRecord) -> ListRecord:
    return replace(record, place="")


def stopncii(*records: dict, **page: object) -> str:
    whole = {"count": len(records), "nextSetTimestamp": 1, "nextPageToken": None}
    return json.dumps({**whole, "hasMoreRecords": False, "hashRecords": list(records), **page})


def hash_record(**fields: object) -> dict:
    return {
        "lastModtimestamp": 1625167804,
        "hashValue": PDQ,
        "hashStatus": "Active",
        "caseNumbers": {"cc592711-7068-442f-b5d2-24d50d389751": "Active"},
        "signalType": "ImagePDQ",
        **fields,
    }


def test_the_feed_of_stopncii(reading: Reading) -> None:
    found = reading(
        "feed.json",
        stopncii(
            hash_record(hashRegions=["UK"], CSPFeedbacks=[{"source": "A", "tags": []}]),
            hash_record(caseNumbers={"a": "Active", "b": "Received"}, hashStatus="Received"),
            hash_record(caseNumbers=[], hashStatus="Unknown", signalType="Text", hashValue="x y"),
            hash_record(hashStatus="Withdrawn", signalType="VideoMD5", hashValue=MD5),
            hash_record(hashStatus="Deleted", hashValue=""),
        ),
    )
    case = "cc592711-7068-442f-b5d2-24d50d389751"
    assert found == [
        ListRecord("record 1", "pdq", PDQ, case=case, changed=1625167804),
        ListRecord("record 2", "pdq", PDQ, changed=1625167804),
        ListRecord("record 3", "Text", "x y", changed=1625167804),
        ListRecord("record 4", "md5", MD5, Standing.WITHDRAWN, case=case, changed=1625167804),
        ListRecord("record 5", "pdq", "", Standing.DELETED, case=case, changed=1625167804),
    ]


def test_pages_that_were_put_after_each_other_are_one_list(reading: Reading) -> None:
    pages = stopncii(hash_record()) + "\n" + stopncii(hash_record(hashStatus="Deleted"))
    assert [one.standing for one in reading("feed.jsonl", pages)] == ["active", "deleted"]
    assert [one.place for one in reading("feed.json", pages)] == ["record 1", "record 2"]


def test_records_may_stand_a_line_or_in_an_array(reading: Reading) -> None:
    one = json.dumps(hash_record())
    assert reading("a.jsonl", f"{one}\n{one}\n") == reading("a.json", f"[{one},{one}]")


def test_updates_of_threatexchange(reading: Reading) -> None:
    opinion = {"id": "1", "owner": {"id": "9"}, "status": "MALICIOUS", "tags": {"data": []}}
    update = {"id": "77", "indicator": PDQ, "type": "HASH_PDQ", "last_updated": 1625167804}
    listed = {**update, "should_delete": False, "descriptors": {"data": [opinion]}}
    no = {**opinion, "status": "NON_MALICIOUS"}
    page = {
        "data": [
            listed,
            {**listed, "id": 78, "type": "HASH_VIDEO_MD5", "indicator": MD5},
            {**listed, "descriptors": {"data": [no, opinion]}},
            {**listed, "descriptors": {"data": [no]}},
            {**update, "should_delete": True},
            {**update, "should_delete": False},
            {**listed, "type": "HASH_TMK"},
        ],
        "paging": {"cursors": {"after": "x"}},
    }
    found = reading("updates.json", json.dumps(page))
    expected = ListRecord("", "pdq", PDQ, id="77", changed=1625167804)
    assert [plain(one) for one in found] == [
        expected,
        replace(expected, signal="md5", value=MD5, id="78"),
        expected,
        replace(expected, standing=Standing.CLEARED),
        replace(expected, standing=Standing.DELETED),
        # github.com/facebook/ThreatExchange/issues/834: what has no descriptors was deleted.
        replace(expected, standing=Standing.DELETED),
        replace(expected, signal="HASH_TMK"),
    ]


def test_descriptors_of_threatexchange(reading: Reading) -> None:
    found = reading(
        "descriptors.json",
        json.dumps(
            {
                "data": [
                    {
                        "id": "3058061737574159",
                        "raw_indicator": MD5,
                        "type": "HASH_MD5",
                        "status": "SUSPICIOUS",
                        "last_updated": "2020-07-01T18:31:15+0000",
                    }
                ]
            }
        ),
    )
    assert found == [ListRecord("record 1", "md5", MD5, id="3058061737574159")]


CSVS = {
    "ours": f"signal_type,signal_value,status,id,last_updated\npdq,{PDQ},active,17,9\n",
    "a spreadsheet's": f"\ufeffSignal_Type;Hash;Status;ID;last_updated\r\nPDQ;{PDQ};;17;9\r\n",
    "tabs": f"hash\ttype\tid\tlast_updated\n{PDQ}\tHASH_PDQ\t17\t9\n",
    "quoted": f'"a ""note""",signal_type,value,id,last_updated\n"x\ny,",pdq,"{PDQ}",17,9\n',
}


@pytest.mark.parametrize("text", CSVS.values(), ids=CSVS)
def test_csv_with_a_heading(text: str, reading: Reading) -> None:
    assert [plain(one) for one in reading("a.csv", text)] == [
        ListRecord("", "pdq", PDQ, id="17", changed=9)
    ]


def test_what_threatexchange_dataset_prints(reading: Reading) -> None:
    text = (
        "collab,signal_type,signal_str,category,tags\n"
        f"Sample,pdq,{PDQ},POSITIVE_CLASS,\n"
        f"Sample,video_md5,{MD5},INVESTIGATION_SEED,a b\n"
        f"Sample,video_md5,{MD5},NEGATIVE_CLASS,\n"
        "Sample,raw_text,bball now?,POSITIVE_CLASS,\n"
    )
    assert reading("dataset.csv", text) == [
        ListRecord("line 2", "pdq", PDQ),
        ListRecord("line 3", "md5", MD5),
        ListRecord("line 4", "md5", MD5, Standing.CLEARED),
        ListRecord("line 5", "raw_text", "bball now?"),
    ]


def test_samples_of_hasher_matcher_actioner_have_no_heading(reading: Reading) -> None:
    line = "2880742865368386,2020-07-31T18:47:52+0000,media_priority_samples media_type_photo"
    bare = reading("pdq.csv", f"{PDQ},{line}\n{PDQ},{line}\n", signal="pdq")
    assert bare[1] == ListRecord("line 2", "pdq", PDQ, id="2880742865368386")
    md5 = reading("md5.csv", f"{MD5},{line}\n", form="threatexchange-csv")
    assert md5 == [ListRecord("line 1", "md5", MD5, id="2880742865368386")]
    (unknown,) = reading("pdq.csv", f"{PDQ},{line}\n", form="threatexchange-csv")
    assert "does not say what its signal is" in unknown.fault


def test_what_csv_calls_a_hash_of_something_else_is_not_taken_for_it(reading: Reading) -> None:
    found = reading("a.csv", f"signal_type,signal_value\nurl_md5,{MD5}\ntext_md5,{MD5}\n")
    assert [one.signal for one in found] == ["url_md5", "text_md5"]


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)
digits = st.text("0123456789abcdef", min_size=1, max_size=64)
listed = st.builds(
    ListRecord,
    signal=st.sampled_from(SIGNALS),
    value=digits | st.builds("https://a.example/{}".format, words),
    id=words,
    case=words,
    changed=st.integers(0, 10**12),
)
records = st.lists(
    listed
    | st.builds(replace, listed, standing=st.sampled_from(["withdrawn", "deleted"]).map(Standing))
    | st.builds(
        replace,
        listed,
        standing=st.just(Standing.DELETED),
        value=st.just(""),
        id=st.just("7"),
        case=st.just("7"),
    ),
    max_size=20,
)


def kept(form: str, record: ListRecord) -> ListRecord:
    """What a form has room for."""
    if form == "stopncii":
        return replace(record, case=record.case or record.id, id="")
    gone = form == "threatexchange-json" and record.standing.ends
    standing = Standing.DELETED if gone else record.standing
    return replace(record, case="", standing=standing)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None)
@given(written=records)
def test_what_is_written_is_read_again(
    form: str, written: list[ListRecord], tmp_path_factory: pytest.TempPathFactory
) -> None:
    stream = io.BytesIO()
    assert FORMS[form].write(stream, iter(written)) == len(written)
    path = tmp_path_factory.getbasetemp() / "written"
    Path(path).write_bytes(stream.getvalue())
    found = open_hash_list(str(path), form)
    assert found is not None
    read = [plain(one) for one in found.records()]
    assert read == [kept(form, one) for one in written]
    again = io.BytesIO()
    FORMS[form].write(again, iter(written))
    assert again.getvalue() == stream.getvalue()


def test_a_list_of_a_million_characters_is_written_in_pieces(reading: Reading) -> None:
    written = [ListRecord("", "md5", f"{number:032x}") for number in range(30_000)]
    stream = io.BytesIO()
    FORMS["threatexchange-csv"].write(stream, written)
    assert [plain(one) for one in reading("a.csv", stream.getvalue())] == written
