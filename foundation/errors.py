"""The two ways in which Silver Fox says no; pages and commands show both as text, never as a traceback."""

from typing import Any


class SilverFoxError(Exception):
    """A refusal that a person can act on. `code` is stable for programs, `detail` is JSON-serialisable."""

    exit_code = 1
    default_code = "error"

    def __init__(self, message: str, *, code: str = "", detail: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.detail = detail or {}


class Refused(SilverFoxError):
    """Not done for a business reason: held, nothing to order, already imported, not exact."""

    exit_code = 1
    default_code = "refused"


class ConfirmationNeeded(Refused):
    """Would be done after a person's yes: stale inventory, unusual count, reused order number."""

    default_code = "confirmation_needed"


class BadInput(SilverFoxError):
    """What was typed or fed cannot be used; the message names row, column and remedy."""

    exit_code = 2
    default_code = "bad_input"
