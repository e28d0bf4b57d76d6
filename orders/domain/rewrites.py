"""Rewrites of model and trim texts that Glendale CDJR wants on its stickers."""

import re

_BOX = re.compile("(?:5['\u2019]7|6['\u2019]4) BOX", re.IGNORECASE)
_LONG_MODELS = ("Grand Cherokee", "Grand Wagoneer", "Wagoneer")


def rewrite_texts(model: str, trim: str) -> tuple[str, str]:
    """Model and trim as Glendale writes them; applied before review, a second time changes nothing.

    `Wrangler Unlimited` loses its second word to the trim; bed lengths leave the trim; the `L` of a long Grand
    Cherokee or Wagoneer moves from the trim to the model.
    """
    if model == "Wrangler Unlimited":
        model, trim = "Wrangler", f"Unlimited {trim}"
    trim = _without_box(trim)
    if trim.startswith("L ") and any(name in model for name in _LONG_MODELS):
        trim = re.sub(r"^(?:L )+", "", trim)
        model = model if model.endswith(" L") else f"{model} L"
    return model, trim


def _without_box(trim: str) -> str:
    while _BOX.search(trim := " ".join(trim.split())):
        trim = _BOX.sub("", trim)
    return trim
