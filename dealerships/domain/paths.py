"""The base folder of a path profile: what a designer's computer can follow, on Windows, on macOS and relative."""

import re

_WINDOWS_NAME = r'[^\\/:*?"<>|]+'
_MAC_NAME = r"[^\\/:]+"
_FORMS = {
    "\\": re.compile(
        rf"[A-Za-z]:\\(?:{_WINDOWS_NAME}(?:\\{_WINDOWS_NAME})*\\?)?"
        rf"|\\\\{_WINDOWS_NAME}\\{_WINDOWS_NAME}(?:\\{_WINDOWS_NAME})*\\?"
    ),
    "/": re.compile(rf"/(?!Volumes/?$){_MAC_NAME}(?:/{_MAC_NAME})*/?"),
}
_EXAMPLES = {"\\": r"a drive or a share, for example C:\QRS or \\server\orders", "/": "for example /Volumes/orders"}


class PathError(ValueError):
    """A base folder that no computer could follow; the message says the remedy."""


def require_base(base: str, separator: str) -> None:
    """Raise `PathError` unless the base is an absolute folder of its kind of computer, or empty.

    With an empty base the images are named relative to the order's own folder.
    """
    if not base:
        return
    if not base.isascii() or not base.isprintable():
        raise PathError("Adobe follows plain characters only. Type the folder without accents and other signs.")
    if not _FORMS[separator].fullmatch(base):
        raise PathError(
            f"With {separator} between folders this is no absolute folder. Type {_EXAMPLES[separator]}, "
            "or nothing for paths relative to the order's folder."
        )
