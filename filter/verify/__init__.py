"""The audit of a run: it believes no plan and no record, and proves what they say.

Of the rest of the house it shares only the snapshot, the registry's reference functions, the
reading of Parquet and of evidence, and the policy's type. Its judging is its own, twice over:

- **Every row**: each value of each leaf that can be matched is made into keys and hashes by the
  registry's reference functions, one by one, and looked up in the snapshot's index.
- **The sample**, or every row where that is asked for: the same values are held against every
  opening of the snapshot, one after the other, without probes, tables or a search for neighbours,
  and the log says which of them count. Both must say the same.

What it cannot see: whether the openings are all of them, which `optout audit` proves from the log;
what the reference functions themselves do not recognise; what stands in leaves of which values do
not tell what they are, and that no plan names (`detection` says which, and a report names them);
and of masks, without the inputs they are laid over, every row.
"""

from .audit import verify_dataset
from .report import Check, Fault, VerifyReport

__all__ = ["Check", "Fault", "VerifyReport", "verify_dataset"]
