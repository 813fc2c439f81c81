"""The audit of a run: it believes no plan and no record, and proves what they say.

Of the rest of the house it shares only the snapshot, the registry's reference functions, the
reading of Parquet and of evidence, and the policy's type.
"""

from .report import Check, Fault, VerifyReport

__all__ = ["Check", "Fault", "VerifyReport"]
