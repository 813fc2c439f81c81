"""Signed notes, to the letter of c2sp.org/signed-note."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.errors import LogFault, UsageError
from optout.registry.log import SigningKey, VerifierKey, open_note, sign_note

# c2sp.org/signed-note@v1.0.0, the example of "Verifier keys".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

# golang.org/x/mod/sumdb/note, note_test.go.
PETER = SigningKey.parse(
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
)
ENOCH_KEY = VerifierKey.parse("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop")
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
BOTH = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}"

texts = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32) | st.just("\n"))


def test_the_specifications_example_is_opened() -> None:
    note = open_note(EXAMPLE, [VerifierKey.parse(EXAMPLE_KEY)])
    assert note.text == "This is an example message.\n"
    assert [str(key) for key in note.signers] == [EXAMPLE_KEY]


def test_gos_example_is_made_and_opened() -> None:
    made = sign_note(TEXT, PETER)
    assert made == f"{TEXT}\n{PETER_LINE}"
    assert open_note(made.encode(), [PETER.verifier]).text == TEXT


def test_several_keys_sign_in_their_order() -> None:
    other = SigningKey.generate("example.org/other")
    note = sign_note("text\n", other, PETER)
    assert open_note(note, [PETER.verifier, other.verifier]).signers == (
        other.verifier,
        PETER.verifier,
    )


def test_signatures_of_unknown_keys_are_ignored() -> None:
    note = open_note(BOTH, [PETER.verifier])
    assert note.signers == (PETER.verifier,)
    assert [(line.name, line.id.hex()) for line in note.unknown] == [("EnochRoot", "af0cfe78")]
    assert open_note(BOTH, [PETER.verifier, ENOCH_KEY]).signers == (PETER.verifier, ENOCH_KEY)


def test_a_key_that_shares_only_a_name_is_unknown() -> None:
    namesake = SigningKey.generate("PeterNeumann")
    with pytest.raises(LogFault, match="not signed by"):
        open_note(f"{TEXT}\n{PETER_LINE}", [namesake.verifier])
    assert open_note(sign_note(TEXT, namesake, PETER), [PETER.verifier]).text == TEXT


def test_a_note_without_a_known_signature_is_rejected() -> None:
    with pytest.raises(LogFault, match=r"not signed by EnochRoot\+af0cfe78"):
        open_note(f"{TEXT}\n{PETER_LINE}", [ENOCH_KEY])
    with pytest.raises(LogFault, match="not signed by any known key"):
        open_note(f"{TEXT}\n{PETER_LINE}", [])


def test_a_wrong_signature_of_a_known_key_rejects_the_note() -> None:
    wrong = f"— PeterNeumann {base64.b64encode(PETER.verifier.id + bytes(64)).decode()}\n"
    for lines in (PETER_LINE + wrong, wrong + PETER_LINE, ENOCH_LINE + wrong):
        with pytest.raises(LogFault, match=r"does not match the signature of PeterNeumann"):
            open_note(f"{TEXT}\n{lines}", [PETER.verifier, ENOCH_KEY])


def test_a_signature_stands_for_one_signer_however_often_it_is_repeated() -> None:
    assert open_note(f"{TEXT}\n{PETER_LINE * 3}", [PETER.verifier]).signers == (PETER.verifier,)


def test_sixteen_signatures_are_accepted_and_a_hundred_are_the_most() -> None:
    for count in (16, 100):
        note = f"{TEXT}\n{ENOCH_LINE * (count - 1)}{PETER_LINE}"
        assert len(open_note(note, [PETER.verifier]).unknown) == count - 1
    with pytest.raises(LogFault, match="more than 100"):
        open_note(f"{TEXT}\n{PETER_LINE * 101}", [PETER.verifier])


def test_a_note_of_a_million_bytes_is_read_and_no_longer_one() -> None:
    filler = "x" * (1_000_000 - len(sign_note("\n", PETER).encode()))
    note = sign_note(f"{filler}\n", PETER)
    assert open_note(note, [PETER.verifier]).text == f"{filler}\n"
    with pytest.raises(LogFault, match="longer"):
        open_note(sign_note(f"{filler}x\n", PETER), [PETER.verifier])


def test_the_text_may_hold_empty_lines() -> None:
    for text in ("\n", "\n\n", "a\n\nb\n", "a\n\n", f"a\n\n{PETER_LINE}"):
        assert open_note(sign_note(text, PETER), [PETER.verifier]).text == text


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"{TEXT}{PETER_LINE}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}".replace("\n", "\r\n"),
        f"\t{TEXT}\n{PETER_LINE}",
        b"\xff" + f"{TEXT}\n{PETER_LINE}".encode(),
        f"\ud800{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad+Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', '')}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '- ')}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '')}",
        f"{TEXT}\n{PETER_LINE.replace('=', '')}",
        f"{TEXT}\n{PETER_LINE.replace('AM=', 'AN=')}",  # other bits that decode to nothing
        f"{TEXT}\n{PETER_LINE.replace('/', '_')}",
        f"{TEXT}\n{PETER_LINE}— short x08gow==\n",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
    ],
)
def test_a_malformed_note_is_refused(note: str | bytes) -> None:
    with pytest.raises(LogFault, match="no signed note"):
        open_note(note, [PETER.verifier])


def test_any_changed_byte_rejects_the_note_or_is_in_an_ignored_signature() -> None:
    data = BOTH.encode()
    ignored = data.index(ENOCH_LINE.encode())
    survived = 0
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                note = open_note(bytes(changed), [PETER.verifier])
            except LogFault:
                continue
            assert place >= ignored
            assert (note.text, note.signers) == (TEXT, (PETER.verifier,))
            survived += 1
    assert survived > 0


@given(texts)
def test_what_is_signed_is_read_back(text: str) -> None:
    text += "\n"
    note = sign_note(text, PETER)
    assert open_note(note, [PETER.verifier]).text == text
    assert open_note(note.encode(), [PETER.verifier]).text == text


@given(st.binary() | st.text())
def test_anything_else_is_refused_in_words(note: str | bytes) -> None:
    with pytest.raises(LogFault):
        open_note(note, [PETER.verifier])


@pytest.mark.parametrize("text", ["", "no line feed", "tab\t\n", "carriage\r\n", "nul\0\n"])
def test_a_text_that_no_note_could_carry_is_not_signed(text: str) -> None:
    with pytest.raises(UsageError, match="text of a note"):
        sign_note(text, PETER)


def test_a_lone_surrogate_is_not_signed() -> None:
    with pytest.raises(UsageError, match="not Unicode"):
        sign_note("\ud800\n", PETER)


def test_a_note_without_a_key_is_not_made() -> None:
    with pytest.raises(UsageError, match="must be signed"):
        sign_note("text\n")
