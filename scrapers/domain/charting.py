"""Vehicle counts of runs as bars: places and sizes in pixels, for a drawing that is never scaled."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

BAR_WIDTH, BAR_STEP, HEIGHT, HEAD = 36, 48, 120, 18
LABELS = 20
_OF_THE_MEDIAN = 5


@dataclass(frozen=True)
class Bar:
    """One run. All numbers are texts, because a page would put separators into numbers."""

    x: str
    y: str
    height: str
    middle: str
    above: str
    value: int
    label: str
    is_good: bool


@dataclass(frozen=True)
class Chart:
    """Bars, newest first, and where the dashed line of the usual count stands (None without a good run)."""

    bars: tuple[Bar, ...]
    width: str
    height: str
    base: str
    label_y: str
    usual: int | None
    usual_y: str


def chart_of(counts: Sequence[tuple[int, str, bool]]) -> Chart:
    """Bars for counts, each with its label and whether its run was a good one; newest first.

    The usual count is the median of the last five good ones.
    """
    good = [count for count, _, is_good in counts if is_good][:_OF_THE_MEDIAN]
    usual = round(median(good)) if good else None
    most = max([1, *(count for count, _, _ in counts)])
    bars = tuple(_bar(at, *count, most=most) for at, count in enumerate(counts))
    return Chart(
        bars=bars,
        width=str(max(1, len(counts)) * BAR_STEP),
        height=str(HEAD + HEIGHT + LABELS),
        base=str(HEAD + HEIGHT),
        label_y=str(HEAD + HEIGHT + 14),
        usual=usual,
        usual_y=str(_top(usual or 0, most)),
    )


def _bar(at: int, count: int, label: str, is_good: bool, *, most: int) -> Bar:  # noqa: FBT001 - one of three values
    x, y = at * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2, _top(count, most)
    return Bar(
        x=str(x),
        y=str(y),
        height=str(HEAD + HEIGHT - y),
        middle=str(x + BAR_WIDTH // 2),
        above=str(y - 5),
        value=count,
        label=label,
        is_good=is_good,
    )


def _top(count: int, most: int) -> int:
    return HEAD + HEIGHT - round(HEIGHT * count / most)
