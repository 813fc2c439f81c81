"""What the API and the pages share: reading what people hand in, and the desk that registers it."""

from optout.api.limits import Limits
from optout.api.words import visible

from .below import Counted, TakeBack, below, instead, uncounted
from .contacts import CodeAsker, ContactDesk
from .desk import Desk
from .disputes import DisputeDesk
from .feed import FeedPage
from .forms import MULTIPART, URLENCODED, Form, Upload, media_type, read_form
from .history import EntryHistory
from .items import Item, Refusal
from .lines import Line, read_line, read_lines, read_value
from .on_disk import Published
from .outside import Outside
from .partners import PartnerDesk
from .pictures import PictureSeal, read_picture
from .proving import Checked, ProofDesk, ShownProof
from .publication import OpenFile, Publisher
from .ranges import DIGITS, IMAGES, ITEMS, STEP, Ranges
from .reviews import ReviewDesk
from .rounds import Round, running
from .spellings import VARIANTS, variants
from .turns import Turns
from .uploads import FORMS, UploadDesk
from .windows import Rate, Windows

__all__ = [
    "DIGITS",
    "FORMS",
    "IMAGES",
    "ITEMS",
    "MULTIPART",
    "STEP",
    "URLENCODED",
    "VARIANTS",
    "Checked",
    "CodeAsker",
    "ContactDesk",
    "Counted",
    "Desk",
    "DisputeDesk",
    "EntryHistory",
    "FeedPage",
    "Form",
    "Item",
    "Limits",
    "Line",
    "OpenFile",
    "Outside",
    "PartnerDesk",
    "PictureSeal",
    "ProofDesk",
    "Published",
    "Publisher",
    "Ranges",
    "Rate",
    "Refusal",
    "ReviewDesk",
    "Round",
    "ShownProof",
    "TakeBack",
    "Turns",
    "Upload",
    "UploadDesk",
    "Windows",
    "below",
    "instead",
    "media_type",
    "read_form",
    "read_line",
    "read_lines",
    "read_picture",
    "read_value",
    "running",
    "uncounted",
    "variants",
    "visible",
]
