"""A whole list at once: what is read from which file, and what becomes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.cli import importing, main
from optout.api.cli.exits import Exit
from optout.api.lists import LONGEST, Record, open_sheet
from optout.registry import Identifier, Registry
from optout.registry.errors import UsageError
from optout.registry.identifiers import Kind

HARBOUR = "https://anna.example/harbour.jpg"
FJORD = "https://anna.example/fjord,in,winter.jpg?a=1;b=2"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty registry, and the process in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPTOUT_REGISTRY", raising=False)
    Registry.create("optout.db").close()
    return tmp_path


@pytest.fixture
def imported(place: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict]:
    """Run the command and hand back its document."""

    def run(*arguments: str, expect: int = Exit.DONE) -> dict:
        capsys.readouterr()
        assert main(["import", *arguments, "--json"]) == expect
        return json.loads(capsys.readouterr().out)

    return run


def registered() -> set[tuple[Kind, bytes]]:
    with Registry.open("optout.db") as registry:
        return {
            (one.kind, one.digest)
            for one in (opening.identifier() for opening in registry.openings())
        }


def of(kind: Kind, *values: str) -> set[tuple[Kind, bytes]]:
    return {(kind, Identifier.parse(kind, value).digest) for value in values}


def parquet(path: Path) -> None:
    table = pa.table({"id": [1, 2, 3], "URL": [HARBOUR, None, FJORD]})
    pq.write_table(table, path, row_group_size=2)


FILES: dict[str, tuple[str, str]] = {
    "text": ("a.txt", f"{HARBOUR}\r\n\n  {FJORD}  "),
    "text without an ending": ("urls", f"{HARBOUR}\n{FJORD}\n"),
    "csv": ("a.csv", f'id,url\n1,{HARBOUR}\n2,"{FJORD}"\n'),
    "csv of a spreadsheet": (
        "a.csv",
        f'\ufeffTitle;URL\r\n"a ""b""\r\nc";{HARBOUR}\r\nd;"{FJORD}"\r\n',
    ),
    "csv without a heading": ("a.csv", f"{HARBOUR}\n{FJORD}\n"),
    "tsv": ("a.tsv", f"value\tnote\n{HARBOUR}\tx\n{FJORD}\t\n"),
    "json lines": ("a.jsonl", f'{{"url": "{HARBOUR}"}}\n\n{{"id": 2, "url": "{FJORD}"}}\n'),
    "json lines of strings": ("a.ndjson", f'"{HARBOUR}"\n"{FJORD}"\n'),
}


@pytest.mark.parametrize(("name", "text"), FILES.values(), ids=FILES)
def test_a_list_is_read_whatever_its_form(
    name: str, text: str, place: Path, imported: Callable
) -> None:
    (place / name).write_text(text, newline="")
    told = imported(name)
    assert (told["values"], told["added"], told["bad"]) == (2, 2, 0)
    assert registered() == of(Kind.URL, HARBOUR, FJORD)


def test_parquet_is_read_whatever_the_case_of_its_column(place: Path, imported: Callable) -> None:
    parquet(place / "a.parquet")
    assert imported("a.parquet")["added"] == 2
    assert registered() == of(Kind.URL, HARBOUR, FJORD)


def test_utf_16_is_read_too(place: Path, imported: Callable) -> None:
    (place / "a.csv").write_text(f"url\n{HARBOUR}\n", "utf-16")
    assert imported("a.csv")["added"] == 1


def test_repeating_a_list_adds_nothing(place: Path, imported: Callable) -> None:
    (place / "a.txt").write_text(f"{HARBOUR}\n{FJORD}\nhttp://ANNA.example/harbour.jpg\n")
    first = imported("a.txt")
    assert (first["added"], first["there_already"]) == (2, 1)
    again = imported("a.txt")
    assert (again["added"], again["there_already"]) == (0, 3)
    assert (again["size"], again["root"]) == (first["size"], first["root"])


def test_each_record_may_say_its_kind(place: Path, imported: Callable) -> None:
    rows = ["kind,value", f"url,{HARBOUR}", "Site,anna.example", "account,instagram:Anna"]
    (place / "a.csv").write_text("\n".join([*rows, "work,doi:10.1000/A"]))
    assert imported("a.csv")["added"] == 4
    assert registered() == (
        of(Kind.URL, HARBOUR)
        | of(Kind.SITE, "anna.example")
        | of(Kind.ACCOUNT, "instagram:anna")
        | of(Kind.WORK, "doi:10.1000/a")
    )


def test_a_column_named_after_a_kind_says_it(place: Path, imported: Callable) -> None:
    (place / "a.csv").write_text("title,isbn\nA book,0306406152\nAnother,978-3-16-148410-0\n")
    imported("a.csv")
    assert registered() == of(Kind.WORK, "isbn:9780306406157", "isbn:9783161484100")


def test_a_column_can_be_named_or_counted(place: Path, imported: Callable) -> None:
    (place / "a.csv").write_text(f"id,source\n1,{HARBOUR}\n")
    imported("a.csv", "--column", "Source")
    (place / "b.csv").write_text("1,anna.example\n2,ben.example\n")
    imported("b.csv", "--column", "2", "--kind", "site")
    assert registered() == of(Kind.URL, HARBOUR) | of(Kind.SITE, "anna.example", "ben.example")


def test_files_are_registered_by_path_or_digest(place: Path, imported: Callable) -> None:
    (place / "novel.epub").write_bytes(b"novel")
    (place / "a.csv").write_text("path\nnovel.epub\n")
    assert imported("a.csv", "--kind", "file")["added"] == 2
    digest = hashlib.sha256(b"novel").hexdigest()
    (place / "b.csv").write_text(f"sha256\n{digest.upper()}\n")
    assert imported("b.csv")["there_already"] == 1
    (place / "c.jsonl").write_text(f'{{"md5": "{hashlib.md5(b"novel").hexdigest()}"}}\n')
    assert imported("c.jsonl")["there_already"] == 1


def test_nothing_is_added_while_a_value_is_bad(
    place: Path, imported: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "".join(f"no address {number}\n" for number in range(30))
    (place / "a.txt").write_text(f"{HARBOUR}\n{bad}")
    assert main(["import", "a.txt"]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "line 2: 'no address 0' is not a web address" in err
    assert "line 21: " in err
    assert "line 22: " not in err
    assert "and 10 more" in err
    assert "30 values of 31 in a.txt cannot be registered" in err
    assert "--skip-bad" in err
    assert registered() == set()


@pytest.mark.parametrize(
    ("make", "signals"),
    [(hashlib.md5, "--signal md5"), (hashlib.sha256, "--signal sha256 or --signal pdq")],
)
def test_where_hashes_stand_and_addresses_were_meant_their_type_is_asked_for(
    make: Callable,
    signals: str,
    place: Path,
    imported: Callable,
    capsys: pytest.CaptureFixture[str],
) -> None:
    digits = make(b"novel").hexdigest()
    (place / "a.txt").write_text(f"{digits}\n")
    assert main(["import", "a.txt"]) == Exit.USAGE
    err = " ".join(capsys.readouterr().err.split())
    assert f"line 1: '{digits}' is a hash, and no address: say of which type with {signals}" in err
    signal = signals.split()[1]
    assert imported("a.txt", "--signal", signal)["added"] == 1


def test_bad_values_are_left_out_when_asked(place: Path, imported: Callable) -> None:
    lines = [HARBOUR.encode(), b"\xff\xfe", b"nonsense", b"x" * (LONGEST + 9), FJORD.encode()]
    (place / "a.txt").write_bytes(b"\n".join(lines))
    told = imported("a.txt", "--skip-bad")
    assert (told["values"], told["added"], told["bad"]) == (5, 2, 3)
    assert [fault["place"] for fault in told["faults"]] == ["line 2", "line 3", "line 4"]
    assert registered() == of(Kind.URL, HARBOUR, FJORD)


def test_what_is_wrong_with_a_json_record_is_told(place: Path, imported: Callable) -> None:
    lines = [f'{{"url": "{HARBOUR}"}}', "{", '{"x": 1}', '{"url": 3}', '{"url": null}', "[" * 5000]
    (place / "a.jsonl").write_text("\n".join(lines))
    told = imported("a.jsonl", "--skip-bad")
    assert [fault["message"] for fault in told["faults"]] == [
        "the line is not JSON",
        "the record has no field 'url'",
        "the value is not text",
        "the line is not JSON",
    ]


def test_a_picture_that_cannot_be_read_is_named(
    place: Path, imported: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "a.jpg").write_bytes(b"no picture")
    (place / "a.txt").write_text("a.jpg\n")
    assert main(["import", "a.txt", "--kind", "image"]) == Exit.USAGE
    assert "line 1: 'a.jpg': " in capsys.readouterr().err
    (place / "b.txt").write_text("missing.jpg\n")
    assert main(["import", "b.txt", "--kind", "image"]) == Exit.USAGE
    assert "line 1: 'missing.jpg' is no file" in capsys.readouterr().err
    assert registered() == set()


def test_what_was_added_stays_when_a_run_is_stopped(
    place: Path,
    imported: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    addresses = [f"https://anna.example/{number}" for number in range(10)]
    (place / "a.txt").write_text("\n".join(addresses))
    monkeypatch.setattr(importing, "BATCH", 3)
    add = Registry.add
    calls: list[int] = []

    def stopped(registry: Registry, claims: list) -> list:
        calls.append(len(claims))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return add(registry, claims)

    with monkeypatch.context() as patched:
        patched.setattr(Registry, "add", stopped)
        assert main(["import", "a.txt"]) == Exit.INTERRUPTED
    assert "6 entries added so far: run it again, and it adds the rest" in capsys.readouterr().err
    assert registered() == of(Kind.URL, *addresses[:6])
    told = imported("a.txt")
    assert (told["added"], told["there_already"]) == (4, 6)
    assert registered() == of(Kind.URL, *addresses)


REFUSED: dict[str, tuple[str, str, list[str], str]] = {
    "no such column": ("a.csv", "id,url\n", ["--column", "href"], "a.csv has no column 'href'"),
    "no known column": ("a.csv", "a,b\n1,2\n", [], "has 2 columns, and none is named as values"),
    "a column of text": ("a.txt", "x\n", ["--column", "url"], "it has no column 'url'"),
    "an open quote": ("a.csv", 'url\n"' + "x" * (LONGEST + 9), [], "a.csv line 2 is no CSV"),
    "no Parquet": ("a.parquet", "PAR1 or not", [], "a.parquet cannot be read"),
    "an unknown kind": ("a.txt", "x\n", ["--kind", "smell"], "'smell' is no kind"),
}


@pytest.mark.parametrize(("name", "text", "options", "words"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_understood_is_a_misuse(
    name: str,
    text: str,
    options: list[str],
    words: str,
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (place / name).write_text(text)
    assert main(["import", name, *options]) == Exit.USAGE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_is_not_there_is_a_misuse(
    name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", name]) == Exit.USAGE
    assert f"{name} cannot be read: " in capsys.readouterr().err


def test_a_column_of_numbers_holds_no_values(place: Path) -> None:
    pq.write_table(pa.table({"url": [1, 2]}), place / "a.parquet")
    with pytest.raises(UsageError, match="holds int64, not text"):
        open_sheet("a.parquet", "url", "")


def test_records_are_read_anew_each_time(place: Path) -> None:
    parquet(place / "a.parquet")
    sheet = open_sheet("a.parquet", "", "")
    assert (sheet.column, sheet.count) == ("URL", 3)
    for _ in range(2):
        assert list(sheet.records()) == [Record("row 0", HARBOUR), Record("row 2", FJORD)]


def test_a_kind_that_is_given_holds_whatever_a_field_kind_of_json_lines_says(
    imported: Callable[..., dict],
) -> None:
    Path("list.jsonl").write_text(json.dumps({"url": HARBOUR, "kind": "photo"}) + "\n")
    assert imported("list.jsonl", "--kind", "url")["added"] == 1


def test_a_path_that_is_too_long_for_one_is_no_file(imported: Callable[..., dict]) -> None:
    Path("list.csv").write_text("path,kind\n" + "x" * 5000 + ",file\n")
    imported("list.csv", expect=Exit.USAGE)


@pytest.mark.parametrize("names", [["url", "url", "id"], ["url", "kind", "kind"]])
def test_a_column_of_values_or_kinds_that_stands_twice_in_parquet_is_refused(
    place: Path, names: list[str]
) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array(["x"])] * 3, names=names), place / "list.parquet")
    with pytest.raises(UsageError, match="more than one column"):
        open_sheet("list.parquet", "", "")


@pytest.mark.long
def test_a_value_of_parquet_that_is_too_long_is_a_fault(place: Path) -> None:
    values = pa.array(["a" * (LONGEST + 1)] * 2000 + ["b"]).dictionary_encode()
    pq.write_table(pa.table({"url": values}), place / "list.parquet")
    *long, last = open_sheet("list.parquet", "", "").records()
    assert last.value == "b"
    assert all(record.fault for record in long)


def test_a_line_of_csv_without_an_end_is_not_held_in_memory(place: Path) -> None:
    with (place / "list.csv").open("wb") as stream:
        stream.write(b"url\n")
        stream.truncate(1 << 30)
    with pytest.raises(UsageError, match="line 2 is no CSV"):
        list(open_sheet("list.csv", "", "").records())
