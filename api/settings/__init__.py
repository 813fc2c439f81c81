"""What the service can be told, and where it was told so.

Flags come before variables of the environment (`OPTOUT_*`), those before the file, and the file
before the defaults.
"""

from .model import Mail, Metrics, Quotas, Settings
from .sources import DEFAULT_FILE, HIDDEN, Held, load

__all__ = ["DEFAULT_FILE", "HIDDEN", "Held", "Mail", "Metrics", "Quotas", "Settings", "load"]
