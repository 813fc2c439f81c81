"""The append-only log: records, their Merkle tree, signed checkpoints, and the set in force."""

from __future__ import annotations

from .checkpoint import Checkpoint
from .folding import TRANSITIONS, Entry, State, Status, fold
from .keys import SigningKey, VerifierKey
from .merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from .notes import Note, NoteSignature, open_note, sign_note
from .openings import SALT_SIZE, Opening, new_salt
from .parsing import parse_leaf
from .records import (
    Add,
    ByOperator,
    Dispute,
    Erase,
    GradeChange,
    Proof,
    Record,
    Restore,
    Revealed,
    Step,
    Withdraw,
)

__all__ = [
    "EMPTY_ROOT",
    "SALT_SIZE",
    "TRANSITIONS",
    "Add",
    "ByOperator",
    "Checkpoint",
    "Dispute",
    "Entry",
    "Erase",
    "GradeChange",
    "Note",
    "NoteSignature",
    "Opening",
    "Proof",
    "Record",
    "Restore",
    "Revealed",
    "SigningKey",
    "State",
    "Status",
    "Step",
    "Tree",
    "VerifierKey",
    "Withdraw",
    "consistency_proof",
    "fold",
    "inclusion_proof",
    "leaf_hash",
    "new_salt",
    "node_hash",
    "open_note",
    "parse_leaf",
    "root",
    "sign_note",
    "verify_consistency",
    "verify_inclusion",
]
