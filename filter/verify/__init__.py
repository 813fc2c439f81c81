"""The audit of a run: it believes no plan and no record, and proves what they say.

Of the rest of the house it shares only the snapshot, the registry's reference functions, the scan's
kernels, the reading of Parquet and of evidence, and the policy's type. Its judging is its own,
twice over:

- **Every row**: the scan's kernels look at each value of each leaf that can be matched, without
  being believed: what they point at is made into keys and hashes by the registry's reference
  functions and looked up in the snapshot's index. What leaves hold is told by the audit's own look
  at each of their values.
- **The sample**, or every row where that is asked for: the values are made into keys and hashes
  whatever the kernels say of them, and held against every opening of the snapshot, one after the
  other, without probes, tables or a search for neighbours, and the log says which of them count.
  Kernels, index and openings must say the same; where they do not, that is a fault of its own.

What it cannot see: whether the openings are all of them, which `optout audit` proves from the log;
what the reference functions themselves do not recognise; what stands in leaves of which values do
not tell what they are, and that no plan names (`detection` says which, and a report names them);
and of masks, without the inputs they are laid over, every row.
"""

from .audit import verify_dataset
from .report import Check, Fault, VerifyReport

KERNELS = ("optout.filter.verify.form_kernels",)
"""The modules of compiled functions here, for `optout warm`."""

__all__ = ["KERNELS", "Check", "Fault", "VerifyReport", "verify_dataset"]
