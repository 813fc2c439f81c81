"""Partners: organisations whose programs talk to the registry, each with keys of its own."""

from __future__ import annotations

from .api_key import ApiKey, Purpose
from .partners import Partner, Partners
from .reports import Exclusion, Report, Reports
from .uploads import PartnersUpload, PartnersUploads, Progress

__all__ = [
    "ApiKey",
    "Exclusion",
    "Partner",
    "Partners",
    "PartnersUpload",
    "PartnersUploads",
    "Progress",
    "Purpose",
    "Report",
    "Reports",
]
