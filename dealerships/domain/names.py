"""How names of dealerships are compared and turned into names for files."""

import re
import unicodedata

# Apostrophes as people and programs write them, and periods, wide forms of both among them.
_DROPPED = re.compile("['`.\u00b4\u02bc\u2018\u2019\uff07\uff0e]")


def fold_name(text: str) -> str:
    """The form in which two names of a dealership are compared; equal folds mean the same name.

    Apostrophes and periods removed, Unicode NFKC, case-folded, `&` read as `and`, any other run of
    non-alphanumeric characters read as one space, trimmed.
    """
    # Before NFKC, which takes an acute accent apart that stands for an apostrophe.
    text = unicodedata.normalize("NFKC", _DROPPED.sub("", text)).casefold().replace("&", " and ")
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())


def file_name_of(text: str) -> str:
    """A dealership's name for files and folders: `Serra Honda O'Fallon` gives `Serra_Honda_OFallon`."""
    text = _DROPPED.sub("", text).replace("&", "and")
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", ascii_text).strip("_")
