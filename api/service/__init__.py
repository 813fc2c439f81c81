"""What the API and the pages share: reading what people hand in, and the desk that registers it."""

from .desk import Desk
from .feed import FeedPage
from .forms import MULTIPART, URLENCODED, Form, Upload, media_type, read_form
from .history import EntryHistory
from .items import Item, Refusal, visible
from .limits import Limits
from .lines import Line, read_line, read_lines, read_value
from .outside import Outside, outside_of
from .partners import PartnerDesk
from .pictures import PictureSeal, read_picture
from .publication import OpenFile, Published, Publisher
from .ranges import DIGITS, IMAGES, ITEMS, STEP, Ranges
from .spellings import VARIANTS, variants
from .turns import Turns
from .uploads import FORMS, UploadDesk

__all__ = [
    "DIGITS",
    "FORMS",
    "IMAGES",
    "ITEMS",
    "MULTIPART",
    "STEP",
    "URLENCODED",
    "VARIANTS",
    "Desk",
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
    "Published",
    "Publisher",
    "Ranges",
    "Refusal",
    "Turns",
    "Upload",
    "UploadDesk",
    "media_type",
    "outside_of",
    "read_form",
    "read_line",
    "read_lines",
    "read_picture",
    "read_value",
    "variants",
    "visible",
]
