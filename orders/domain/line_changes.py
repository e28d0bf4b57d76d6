"""What an action did to order lines: enough to tell it, to take it back, and to know what somebody saw before it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from orders.domain.overrides import EDITABLE_FIELDS, FIELD_WORDS

# What review may change of a line.
STATE_FIELDS = ("overrides", "included", "exclusion_reason", "reprint_confirmed")
_MANY = 12
_NONE = object()


class LineChange(NamedTuple):
    """One line: the fields of its state that differ, before and after, and the version that it got by it."""

    seq: int
    version: int
    before: dict[str, Any]
    after: dict[str, Any]

    def as_data(self) -> dict[str, Any]:
        return self._asdict()

    @property
    def edited(self) -> list[str]:
        """The fields whose overrides differ, in the order of the editor; one that empties a field counts."""
        old, new = self.before.get("overrides", {}), self.after.get("overrides", {})
        return [name for name in EDITABLE_FIELDS if old.get(name, _NONE) != new.get(name, _NONE)]


def change_between(before: Mapping[str, Any], after: Mapping[str, Any], *, seq: int, version: int) -> LineChange | None:
    """The change from one state of a line to another; None when they are the same."""
    differing = [name for name in STATE_FIELDS if before[name] != after[name]]
    if not differing:
        return None
    return LineChange(seq, version, {n: before[n] for n in differing}, {n: after[n] for n in differing})


def read_changes(data: Sequence[Mapping[str, Any]]) -> list[LineChange]:
    """The changes of a recorded event."""
    return [LineChange(**item) for item in data]


def change_words(changes: Sequence[LineChange]) -> str:
    """What was done, in a few words: `row 3 price`, `4 rows left out`."""
    rows = f"row {changes[0].seq}" if len(changes) == 1 else f"{len(changes)} rows"
    return f"{rows} {_deed(changes)}"


def _deed(changes: Sequence[LineChange]) -> str:
    after = changes[0].after
    if "included" in after:
        return "put back" if after["included"] else "left out"
    if "reprint_confirmed" in after:
        return "to be printed again" if after["reprint_confirmed"] else "not to be printed again"
    edited = {name for change in changes for name in change.edited}
    return ", ".join(FIELD_WORDS[name] for name in EDITABLE_FIELDS if name in edited)


def rows_in_words(seqs: Sequence[int]) -> str:
    """The numbers of rows with runs drawn together, as many as a sentence takes: `1, 3-7, 12`."""
    runs: list[list[int]] = []
    for seq in sorted(seqs):
        if runs and seq == runs[-1][-1] + 1:
            runs[-1].append(seq)
        else:
            runs.append([seq])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    more = f" and {sum(map(len, runs[_MANY:]))} more" if len(words) > _MANY else ""
    return ", ".join(words[:_MANY]) + more
