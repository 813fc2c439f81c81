"""The operator looks at what people ask for, and decides it on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, NoticeState, OpenedCase, Reason, SharedState
from optout.registry.log import Restore, Withdraw, parse_leaf

Capture = pytest.CaptureFixture[str]

PAGE = "https://anna.example/1.jpg"
HOSTILE = "\x1b[2Jred\r\nnext\0 \N{RIGHT-TO-LEFT OVERRIDE}gpj \x9b31m<b>"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> OpenedCase:
    """A registry in the current folder, with a page, a site and a file in a case."""
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == Exit.DONE
    capsys.readouterr()
    items = (
        Identifier.url(PAGE),
        Identifier.site("anna.example"),
        Identifier.file_sha256("ab" * 32),
    )
    with Registry.open("optout.db") as registry:
        return registry.cases.open_case([CaseItem(item, "shown") for item in items])


def noticed(case: OpenedCase, statement: str = "it is ours", days: int = 0, shown: str = "") -> str:
    with Registry.open("optout.db") as registry:
        sent = registry.notices.send(
            case.entries[0].index,
            Identifier.url(PAGE),
            Reason.NOT_THEIRS,
            statement,
            datetime.now(UTC) - timedelta(days=days),
            shown=shown,
        )
    return sent.number


def shared(case: OpenedCase, place: int, value: str, note: str = "") -> int:
    at = case.entries[place].index
    with Registry.open("optout.db") as registry:
        registry.sharing.show(case.number, case.secret, at, value, note, datetime.now(UTC))
    return at


def listed(capsys: Capture) -> list[dict]:
    capsys.readouterr()
    assert main(["review", "--json"]) == Exit.DONE
    return json.loads(capsys.readouterr().out)["undecided"]


def decided(capsys: Capture, *arguments: object) -> dict:
    capsys.readouterr()
    assert main(["review", *map(str, arguments), "--json"]) == Exit.DONE
    return json.loads(capsys.readouterr().out)


def last_record() -> object:
    with Registry.open("optout.db") as registry:
        *_, last = registry.leaves()
    return parse_leaf(last)


def test_an_empty_queue_says_so(here: OpenedCase, capsys: Capture) -> None:
    assert listed(capsys) == []
    assert main(["review"]) == Exit.DONE
    assert capsys.readouterr().out == "nothing is to be decided\n"


def test_what_is_due_first_stands_first(here: OpenedCase, capsys: Capture) -> None:
    site = shared(here, 1, "anna.example", "see my imprint")
    file = shared(here, 2, "https://anna.example/novel.pdf")
    notice = noticed(here, days=40)
    found = listed(capsys)
    assert [one["notice"] for one in found] == [notice, None, None]
    assert [one["overdue"] for one in found] == [True, False, False]
    assert {one["entry"] for one in found[1:]} == {site, file}
    assert [one["due"] for one in found] == sorted(one["due"] for one in found)
    assert main(["review"]) == Exit.DONE
    told = capsys.readouterr()
    for words in (
        f"{notice}",
        "not-theirs",
        "it is ours",
        "covers",
        "anna.example",
        "see my imprint",
        "to be seen at",
        "https://anna.example/novel.pdf",
        "3 decisions to make, 1 overdue",
    ):
        assert words in told.out
    assert f"next: optout review reject {notice} --because '…'" in told.err


def test_what_was_not_shown_is_not_to_be_seen(here: OpenedCase, capsys: Capture) -> None:
    noticed(here)
    shared(here, 1, "anna.example")
    for arguments in (["review"], ["review", "--json"]):
        assert main(arguments) == Exit.DONE
        told = capsys.readouterr()
        for hidden in (PAGE, "1.jpg", here.number, here.secret):
            assert hidden not in told.out + told.err


def test_nothing_that_people_say_speaks_to_the_terminal(here: OpenedCase, capsys: Capture) -> None:
    number = noticed(here, HOSTILE)
    with Registry.open("optout.db") as registry:
        registry.notices.counter(here.number, here.secret, number, HOSTILE, datetime.now(UTC))
    shared(here, 2, HOSTILE, HOSTILE)
    for arguments in (["review"], ["review", "--json"]):
        assert main(arguments) == Exit.DONE
        told = capsys.readouterr().out
        lines = told.split("\n")
        assert all(line.isprintable() for line in lines)
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in told
        assert told.count("\N{REPLACEMENT CHARACTER}[2Jred next") == 4


def test_long_words_are_shown_whole(here: OpenedCase, capsys: Capture) -> None:
    noticed(here, "x" * 3999 + "y")
    assert main(["review"]) == Exit.DONE
    assert "x" * 3999 + "y" in capsys.readouterr().out


def test_an_accepted_item_is_graded_and_forgotten(here: OpenedCase, capsys: Capture) -> None:
    at = shared(here, 1, "anna.example")
    assert decided(capsys, "accept", at) == {
        "decided": "accept",
        "entry": at,
        "status": "in-force",
        "grade": "reviewed",
        "left": 0,
    }
    with Registry.open("optout.db") as registry:
        (left,) = registry.sharing.of(here.number, here.secret)
    assert (left.state, left.value) == (SharedState.REVIEWED, "")
    assert listed(capsys) == []


def test_a_declined_item_keeps_its_grade_and_its_creator_learns_why(
    here: OpenedCase, capsys: Capture
) -> None:
    at = shared(here, 1, "anna.example")
    noticed(here)
    why = "the imprint names somebody else"
    assert main(["review", "decline", str(at), "--because", why]) == Exit.DONE
    told = capsys.readouterr()
    assert told.out == f"declined: entry {at} is in-force, self\n"
    assert "next: optout review   1 decision left to make" in told.err
    with Registry.open("optout.db") as registry:
        (left,) = registry.sharing.of(here.number, here.secret)
    assert (left.state, left.answer, left.value) == (SharedState.DECLINED, why, "")


def test_an_upheld_notice_withdraws_its_entry(here: OpenedCase, capsys: Capture) -> None:
    number, other = noticed(here), noticed(here)
    told = decided(capsys, "uphold", number.lower(), "--because", " a court order was shown ")
    assert (told["status"], told["left"]) == ("withdrawn", 0)
    record = last_record()
    assert isinstance(record, Withdraw)
    assert record.proof.why == "a court order was shown"
    assert main(["review", "uphold", other, "--because", "also"]) == Exit.USAGE


def test_a_rejected_notice_ends_the_dispute_once_no_other_is_open(
    here: OpenedCase, capsys: Capture
) -> None:
    one, two = noticed(here), noticed(here)
    assert main(["review", "reject", one, "--because", "it is another picture"]) == Exit.DONE
    told = capsys.readouterr()
    assert "is disputed" in told.out
    assert "1 other notice about it to decide" in told.err
    assert decided(capsys, "reject", two, "--because", "this one, too")["status"] == "in-force"
    record = last_record()
    assert isinstance(record, Restore)
    assert record.proof.why == "this one, too"
    with Registry.open("optout.db") as registry:
        states = {one.state for one in registry.notices.of(here.number, here.secret)}
    assert states == {NoticeState.REJECTED}


def test_the_next_step_after_the_last_decision_is_a_snapshot(
    here: OpenedCase, capsys: Capture
) -> None:
    at = shared(here, 1, "anna.example")
    assert main(["review", "accept", str(at)]) == Exit.DONE
    told = capsys.readouterr()
    assert told.out == f"accepted: entry {at} is in-force, reviewed\n"
    assert "next: optout snapshot snapshot" in told.err


def test_an_item_that_was_withdrawn_meanwhile_is_not_to_be_decided(
    here: OpenedCase, capsys: Capture
) -> None:
    at = shared(here, 1, "anna.example")
    with Registry.open("optout.db") as registry:
        registry.cases.withdraw(here.number, here.secret, [at])
    assert listed(capsys) == []
    assert main(["review", "accept", str(at)]) == Exit.USAGE
    assert main(["review", "decline", str(at), "--because", "taken back"]) == Exit.USAGE


def test_what_the_sender_says_the_entry_covers_is_shown(here: OpenedCase, capsys: Capture) -> None:
    noticed(here, shown=f"{PAGE}\x1b[2J")
    noticed(here)
    named, unnamed = sorted(listed(capsys), key=lambda one: one["covers"] is None)
    assert named["covers"] == f"{PAGE}\N{REPLACEMENT CHARACTER}[2J"
    assert unnamed["covers"] is None
    assert main(["review"]) == Exit.DONE
    told = capsys.readouterr().out
    assert told.count("covers") == 1
    assert f"covers      {PAGE}\N{REPLACEMENT CHARACTER}[2J" in told


def test_a_disputed_entry_is_not_restored_while_its_notice_is_open(
    here: OpenedCase, capsys: Capture
) -> None:
    number, at = noticed(here), here.entries[0].index
    assert main(["restore", str(at)]) == Exit.USAGE
    told = capsys.readouterr().err
    assert f"a notice about entry {at} is open" in told
    assert f"optout review reject {number} --because" in told
    assert listed(capsys)[0]["notice"] == number


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["judge"], "'judge' is nothing that can be done with a review"),
        (["accept"], "to accept takes the number of the entry"),
        (["uphold"], "to uphold takes the number of the notice"),
        (["list", "1"], "a list is of everything that is to be decided"),
        (["uphold", "AAAA-AAAA"], "to uphold takes a reason"),
        (["reject", "AAAA-AAAA", "--because", " "], "to reject takes a reason"),
        (["decline", "0"], "to decline takes a reason"),
        (["accept", "0", "--because", "a"], "to accept takes no reason"),
        (["list", "--because", "a"], "to list takes no reason"),
        (["accept", "one"], "'one' is no entry number"),
        (["accept", "-1"], "-1"),
        (["accept", "0"], "nothing is shown of entry 0 that is to be decided"),
        (["accept", "9" * 30], "nothing is shown of entry 9"),
        (["decline", "0", "--because", "a"], "nothing is shown of entry 0"),
        (["uphold", "AAAA-AAAA", "--because", "a"], "no such notice is to be decided"),
        (["reject", "\x1b[31m", "--because", "a"], "no such notice is to be decided"),
        (["accept", "@numbers"], "one item is decided at a time"),
    ],
)
def test_misuse_is_told(arguments: list[str], says: str, capsys: Capture) -> None:
    Path("numbers").write_text("1\n2\n")
    assert main(["review", *arguments]) == Exit.USAGE
    assert says in capsys.readouterr().err


def test_a_reason_that_cannot_be_logged_decides_nothing(here: OpenedCase, capsys: Capture) -> None:
    number, at = noticed(here), shared(here, 1, "anna.example")
    for action, which, because in (
        ("uphold", number, "two\nlines"),
        ("reject", number, "x" * 501),
        ("decline", str(at), "x" * 4001),
    ):
        assert main(["review", action, which, "--because", because]) == Exit.USAGE
    assert len(listed(capsys)) == 2


@pytest.mark.usefixtures("here")
def test_a_registry_that_is_not_there_is_told(capsys: Capture) -> None:
    assert main(["review", "--registry", "none.db"]) == Exit.FAILED
    assert "none.db" in capsys.readouterr().err
