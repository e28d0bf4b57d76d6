"""The rows of a review: written by one function instead of one template each, because there may be 500 of them.

End tags that HTML does without are left out for the same reason.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from django import template
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from orders.operations.presenting import ReviewLine
from orders.operations.review_columns import ReviewColumn
from silverfox.templatetags.silverfox_ui import VIN_HEAD, icon, money

register = template.Library()

NOTHING = format_html("{}", "")
_CELLS = {"stock": '<td class="mono">{}', "price": '<td class="num">{}', "site": '<td class="site">{}'}
# Longer texts of these columns are cut off where the columns have fixed widths.
_CLIPPED, _LONGEST = frozenset({"make", "model", "trim"}), 16
_BEGIN = '<tbody id="line-{seq}" data-row{swap}><tr{tone}>'
_BOX = '<td><input type="checkbox" name="line" value="{seq}-{version}" form="lines" aria-label="Row {seq}"{checked}>'
_VIN = '<td>{seq}<td><button class="vin" data-copy="{vin}">{head}<b>{tail}</b></button>'
_LINKS = (
    '<a href="{lines}{seq}/edit/{query}" data-key="e" aria-label="Edit row {seq}">Edit</a>'
    '<a href="{lines}{seq}/out/{query}" data-key="l">Leave out</a>'
)
_USUAL = f"<td>{{remarks}}<td>{_LINKS}</tbody>"
_OTHER = "<td>{remarks}<td>{action}{detail}</tbody>"


@register.simple_tag(takes_context=True)
def review_rows(context: template.Context, rows: Sequence[ReviewLine], *, out_of_band: bool = False) -> SafeString:
    """Rows with what is open under them; `out_of_band` ones replace the rows of the page wherever they stand."""
    writer = _RowWriter(context, out_of_band=out_of_band)
    return format_html_join("\n", "{}", ((writer.write(row),) for row in rows))


class _RowWriter:
    """Holds what is the same for all rows of a page; its formats are put together from the constants above."""

    def __init__(self, context: template.Context, *, out_of_band: bool) -> None:
        self.context = context
        self.can_edit: bool = context["can_edit"]
        self.columns: Sequence[ReviewColumn] = context["table"].columns
        self.opened: dict[int, dict[str, Any]] = context["opened"]
        self.saved: set[int] = context["saved"]
        self.chosen: set[int] = context["chosen"]
        lines = f"{reverse('order_review', args=[context['order'].pk]).removesuffix('review/')}lines/"
        self.same = {
            "swap": _attribute("hx-swap-oob", "true") if out_of_band else NOTHING,
            "lines": _safe(lines),
            "query": _safe(context["query"]),
        }
        cells = "".join(_CELLS.get(column.name, "<td>{}") for column in self.columns)
        self.start = _BEGIN + (_BOX if self.can_edit else "") + _VIN + cells
        self.usual, self.other = self.start + _USUAL, self.start + _OTHER
        # Most texts of a page, and every version, stand in many of its rows.
        self.cell = cache(_cell)

    def write(self, row: ReviewLine) -> SafeString:
        line, opened = row.line, self.opened.get(row.line.seq, {})
        is_usual = self.can_edit and line.included and not row.needs_reprint and not opened
        own = {} if is_usual else self._own(row, opened)
        return format_html(
            self.usual if is_usual else self.other,
            *[self._text(row, column) for column in self.columns],
            seq=line.seq,
            tone=self._tone(row, is_open="editor" in opened),
            version=self.cell(line.version),
            checked=_attribute("checked", "") if line.seq in self.chosen else NOTHING,
            vin=line.vin,
            head=line.vin[:VIN_HEAD],
            tail=line.vin[VIN_HEAD:],
            remarks=format_html_join("", '<p class="remark {}">{}{}', self._remarks(row)) if row.remarks else NOTHING,
            **self.same,
            **own,
        )

    def _own(self, row: ReviewLine, opened: dict[str, Any]) -> dict[str, SafeString]:
        return {
            "action": self._action(row, is_open="editor" in opened) if self.can_edit else NOTHING,
            "detail": self._detail(row, opened) if opened else NOTHING,
        }

    def _tone(self, row: ReviewLine, *, is_open: bool) -> SafeString:
        if is_open:
            return _attribute("class", "is-open")
        if not row.line.included:
            return _attribute("class", "is-out")
        if row.line.seq in self.saved:
            return _attribute("class", "is-saved")
        return _attribute("class", "stops") if row.stops else NOTHING

    def _text(self, row: ReviewLine, column: ReviewColumn) -> object:
        value = column.value(row)
        text = money(value) if column.name == "price" else "" if value is None else value
        if column.name not in row.line.overrides:
            return self.cell(text, is_clipped=column.name in _CLIPPED)
        raw = row.line.raw.get({"condition": "type"}.get(column.name, column.name), "") or "(blank)"
        return format_html('<span class="changed-value" title="Site: {}">{}</span>', raw, text)

    def _remarks(self, row: ReviewLine) -> Iterator[tuple[str, SafeString, str]]:
        for remark in row.remarks:
            yield remark.tone, icon(remark.icon), remark.text

    def _action(self, row: ReviewLine, *, is_open: bool) -> SafeString:
        if not row.line.included:
            return self._button(row, "put-back", "Put back", "Putting back…", key="l")
        confirm = NOTHING
        if row.needs_reprint:
            confirm = self._button(row, "confirm-reprint", "Print again", "Confirming…", key="p")
        if is_open:
            return confirm
        return format_html(f"{{}}{_LINKS}", confirm, seq=row.line.seq, **self.same)

    def _button(self, row: ReviewLine, verb: str, word: str, gerund: str, *, key: str) -> SafeString:
        return format_html(
            '<button class="action" form="one" name="version" value="{}" formaction="{address}" hx-post="{address}" '
            'data-key="{}" data-busy="{}" aria-label="{word} row {}">{word}</button>',
            row.line.version,
            key,
            gerund,
            row.line.seq,
            address=format_html("{lines}{}/{}/{query}", row.line.seq, verb, **self.same),
            word=word,
        )

    def _detail(self, row: ReviewLine, opened: dict[str, Any]) -> SafeString:
        """Check box, number, VIN, remarks and action stand beside the columns that a person chooses."""
        width = len(self.columns) + 4 + self.can_edit
        page = {str(name): value for name, value in self.context.flatten().items()}
        inner = {**page, **opened, "row": row, "line": row.line, "width": width}
        return format_html("{}", get_template("orders/_line_detail.html").render(inner))


def _safe(text: object) -> SafeString:
    return format_html("{}", text)


def _cell(text: object, *, is_clipped: bool = False) -> SafeString:
    is_long = is_clipped and len(str(text)) > _LONGEST
    return format_html('<span class="long" title="{0}">{0}</span>', text) if is_long else _safe(text)


def _attribute(name: str, value: str) -> SafeString:
    return format_html(' {}="{}"', name, value)
