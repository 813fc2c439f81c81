"""What the API and the pages share: reading what people hand in, and the desk that registers it."""

from optout.api.limits import Limits
from optout.api.words import visible

from .below import Counted, TakeBack, below, instead, uncounted
from .contacts import CodeAsker, ContactDesk
from .covering import GIVES, Way, ways_of
from .desk import Desk
from .disputes import Admit, CountedNotice, DisputeDesk, uncounted_notice
from .feed import FeedPage
from .figures import Day, Figures
from .forms import MULTIPART, URLENCODED, Form, Upload, media_type, read_form
from .hashed_pictures import read_hashed_pictures
from .history import EntryHistory
from .items import Item, Refusal
from .lines import read_line, read_value
from .looking_up import Asked, Found, Question, picture_question, read_question
from .meanings import account_meant, places_of
from .on_disk import Published
from .outside import Outside
from .partners import PartnerDesk
from .pasted import Line, read_lines
from .pictures import PictureSeal, read_picture
from .prose import APART, joined
from .proving import Checked, ProofDesk, ShownProof
from .publication import OpenFile, Publisher
from .ranges import DIGITS, IMAGES, ITEMS, STEP, Ranges
from .reviews import ReviewDesk
from .rounds import Round, running
from .spellings import VARIANTS, variants
from .turns import SENDER, Turns
from .uploads import FORMS, UploadDesk
from .windows import Rate, Windows

__all__ = [
    "APART",
    "DIGITS",
    "FORMS",
    "GIVES",
    "IMAGES",
    "ITEMS",
    "MULTIPART",
    "SENDER",
    "STEP",
    "URLENCODED",
    "VARIANTS",
    "Admit",
    "Asked",
    "Checked",
    "CodeAsker",
    "ContactDesk",
    "Counted",
    "CountedNotice",
    "Day",
    "Desk",
    "DisputeDesk",
    "EntryHistory",
    "FeedPage",
    "Figures",
    "Form",
    "Found",
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
    "Question",
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
    "Way",
    "Windows",
    "account_meant",
    "below",
    "instead",
    "joined",
    "media_type",
    "picture_question",
    "places_of",
    "read_form",
    "read_hashed_pictures",
    "read_line",
    "read_lines",
    "read_picture",
    "read_question",
    "read_value",
    "running",
    "uncounted",
    "uncounted_notice",
    "variants",
    "visible",
    "ways_of",
]
