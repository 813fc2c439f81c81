"""Checkpoints, to the letter of c2sp.org/tlog-checkpoint."""

from __future__ import annotations

import base64
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.errors import LogFault, UsageError
from optout.registry.log import Checkpoint, SigningKey, leaf_hash, open_note, sign_note

# The text of the specification's example.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

KEY = SigningKey("optout.local", bytes(32))
ROOT = leaf_hash(b"")
B64 = base64.b64encode(ROOT).decode()

lines = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32), min_size=1)
checkpoints = st.builds(
    Checkpoint,
    lines,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3).map(tuple),
)


def test_the_specifications_example_is_read() -> None:
    checkpoint = Checkpoint.open(sign_note(EXAMPLE, KEY), KEY.verifier)
    assert checkpoint == Checkpoint(
        "example.com/behind-the-sofa",
        20852163,
        base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="),
    )
    assert checkpoint.text() == EXAMPLE


@given(checkpoints)
def test_what_is_signed_is_read_back(checkpoint: Checkpoint) -> None:
    note = checkpoint.sign(KEY)
    assert Checkpoint.open(note, KEY.verifier) == checkpoint
    assert Checkpoint.open(note.encode(), KEY.verifier) == checkpoint


@pytest.mark.parametrize("size", [0, 2**63 - 1])
def test_a_log_may_be_empty_and_may_be_vast(size: int) -> None:
    checkpoint = Checkpoint("optout.local", size, ROOT)
    assert Checkpoint.open(checkpoint.sign(KEY), KEY.verifier).size == size


def test_several_keys_may_sign() -> None:
    other = SigningKey.generate("witness")
    note = Checkpoint("optout.local", 1, ROOT).sign(KEY, other)
    assert Checkpoint.open(note, KEY.verifier) == Checkpoint.open(note, other.verifier)
    assert len(open_note(note, [KEY.verifier]).unknown) == 1


@pytest.mark.parametrize(
    "text",
    [
        "origin\n",
        "origin\n1\n",
        f"origin\n01\n{B64}\n",
        f"origin\n-1\n{B64}\n",
        f"origin\n+1\n{B64}\n",
        f"origin\n1 \n{B64}\n",
        f"origin\n\n{B64}\n",
        f"origin\n١\n{B64}\n",
        f"origin\n0x1\n{B64}\n",
        f"origin\n{2**63}\n{B64}\n",
        f"origin\n{'9' * 5000}\n{B64}\n",
        f"\n1\n{B64}\n",
        "origin\n1\n\n",
        f"origin\n1\n{B64[:-1]}\n",
        f"origin\n1\n{B64.replace('0=', '1=')}\n",
        f"origin\n1\n {B64}\n",
        "origin\n1\nAAAA\n",
        "origin\n1\nä\n",
        f"origin\n1\n{B64}\n\n",
        f"origin\n1\n{B64}\n\nextension\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(LogFault, match="no checkpoint"):
        Checkpoint.open(sign_note(text, KEY), KEY.verifier)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    note = Checkpoint("optout.local", 1, ROOT).sign(SigningKey.generate("optout.local"))
    with pytest.raises(LogFault, match=r"not signed by optout\.local"):
        Checkpoint.open(note, KEY.verifier)


def test_any_changed_byte_is_noticed() -> None:
    data = Checkpoint("optout.local", 1, ROOT).sign(KEY).encode()
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(LogFault):
                Checkpoint.open(bytes(changed), KEY.verifier)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": ""},
        {"origin": "two\nlines"},
        {"origin": "\ud800"},
        {"size": -1},
        {"size": 2**63},
        {"root": b"short"},
        {"extensions": ("",)},
    ],
)
def test_what_is_no_state_of_a_log_is_not_made(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        dataclasses.replace(Checkpoint("optout.local", 1, ROOT), **change)
