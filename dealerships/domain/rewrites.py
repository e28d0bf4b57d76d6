"""Text rewrites: how a dealership wants models and trims written, as ordered rules of a closed set of kinds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class RewriteKind(StrEnum):
    """`whole` replaces the whole text of a field, `replace` and `remove` words in it, `move` the first words of the
    trim behind the model."""

    WHOLE = "whole"
    REPLACE = "replace"
    REMOVE = "remove"
    MOVE = "move"


class RewriteField(StrEnum):
    MODEL = "model"
    TRIM = "trim"


def _tidy(text: str) -> str:
    return " ".join(text.split())


class RewriteError(ValueError):
    """A rule that cannot be used; `key` names the value to mend, the message says the remedy."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """One rule; a value that its kind does not use stays empty. Raises `RewriteError` for a rule without sense.

    texts            what is looked for; words are found in any letter case, the whole text and first words as typed
    replacement      what stands there instead (`whole`, `replace`)
    trim_prefix      words put in front of the trim (`whole` of the model)
    model_contains   the rule runs only when the model has one of these in it; empty is every model
    """

    kind: RewriteKind
    field: RewriteField
    texts: tuple[str, ...]
    replacement: str = ""
    trim_prefix: str = ""
    model_contains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not any(map(_tidy, self.texts)):
            raise RewriteError("texts", "Type at least one text to look for.")
        replaces = self.kind in {RewriteKind.WHOLE, RewriteKind.REPLACE}
        if replaces != bool(_tidy(self.replacement)):
            raise RewriteError("replacement", "Type the new text." if replaces else "This kind takes no new text.")
        if self.trim_prefix and (self.kind, self.field) != (RewriteKind.WHOLE, RewriteField.MODEL):
            raise RewriteError("trim_prefix", "Only a rule for the whole model puts words in front of the trim.")
        if self.kind == RewriteKind.MOVE and self.field != RewriteField.TRIM:
            raise RewriteError("field", "Words move from the trim to the model. Choose the trim.")
        for text in self.texts:
            self._require_rest(text)

    def _require_rest(self, text: str) -> None:
        """A replacement that holds what it replaces would grow with every run."""
        model = next(iter(self.model_contains), "") if self.field == RewriteField.TRIM else text
        once = self.apply(model, text)
        if self.apply(*once) != once:
            raise RewriteError("replacement", f"The new text holds {text!r} again. Type a text without it.")

    def apply(self, model: str, trim: str) -> tuple[str, str]:
        """Model and trim as this rule writes them."""
        if self.model_contains and not any(name in model for name in self.model_contains):
            return model, trim
        if self.kind == RewriteKind.MOVE:
            return self._move(model, trim)
        if self.field == RewriteField.TRIM:
            return model, self._write(trim)
        prefix = self.trim_prefix if model in self.texts else ""
        return self._write(model), _tidy(f"{prefix} {trim}") if prefix else trim

    def _write(self, text: str) -> str:
        if self.kind == RewriteKind.WHOLE:
            return self.replacement if text in self.texts else text
        if self.kind == RewriteKind.REPLACE:
            return _tidy(self._words.sub(self.replacement.replace("\\", r"\\"), text))
        # What closes up may be one of the words again.
        while self._words.search(text := _tidy(text)):
            text = self._words.sub("", text)
        return text

    def _move(self, model: str, trim: str) -> tuple[str, str]:
        for text in self.texts:
            if trim.startswith(f"{text} "):
                while trim.startswith(f"{text} "):
                    trim = trim.removeprefix(f"{text} ").lstrip()
                model = model if model.endswith(f" {text}") else f"{model} {text}"
        return model, trim

    @cached_property
    def _words(self) -> re.Pattern[str]:
        """Any of the texts as whole words, longest first; straight and curly apostrophes are one sign."""
        texts = sorted(map(_tidy, self.texts), key=len, reverse=True)
        words = "|".join(re.sub("['\u2019]", "['\u2019]", re.escape(text)) for text in texts if text)
        return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


BUILT_IN = (
    Rewrite(
        kind=RewriteKind.WHOLE,
        field=RewriteField.MODEL,
        texts=("Wrangler Unlimited",),
        replacement="Wrangler",
        trim_prefix="Unlimited",
    ),
    Rewrite(kind=RewriteKind.REMOVE, field=RewriteField.TRIM, texts=("5'7 BOX", "6'4 BOX")),
    Rewrite(
        kind=RewriteKind.MOVE,
        field=RewriteField.TRIM,
        texts=("L",),
        model_contains=("Grand Cherokee", "Grand Wagoneer", "Wagoneer"),
    ),
)


def rewrite_texts(rewrites: Iterable[Rewrite], *, model: str, trim: str) -> tuple[str, str]:
    """Model and trim after every rule once, in order.

    With the built-in rules the bed length leaves the trim, a Wrangler Unlimited and a long Grand Cherokee or Wagoneer
    are written the Jeep way; a second run changes nothing more.
    """
    for rewrite in rewrites:
        model, trim = rewrite.apply(model, trim)
    return model, trim


def changed_texts(rewrites: Iterable[Rewrite], *, model: str, trim: str) -> dict[str, str]:
    """The new texts by field name, of the fields only that the rules change."""
    new_model, new_trim = rewrite_texts(rewrites, model=model, trim=trim)
    changes = {"model": (model, new_model), "trim": (trim, new_trim)}
    return {name: new for name, (old, new) in changes.items() if new != old}
