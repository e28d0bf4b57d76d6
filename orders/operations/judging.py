"""What a reviewer should know of a line, found out once when the line is saved and not whenever it is looked at."""

from collections.abc import Iterable

from django.utils import timezone

from dealerships.domain.output import OrderKind
from foundation.errors import Refused
from orders.domain.lines import LineContent, OrderContent, OutputSettings, settings_from_json
from orders.domain.output_templates import OutputTemplate
from orders.domain.rendering import RenderError, line_warnings, render_line, template_for
from orders.domain.vehicle_warnings import vehicle_warnings
from orders.models import Order, OrderLine
from orders.operations.checking import order_settings
from orders.operations.line_contents import line_content

_NO_TEMPLATE = OutputTemplate(code="", name="", abbreviation="", columns=())


def empty_content(order: Order) -> OrderContent:
    """What any single line of an order is printed with: everything of its content but the lines."""
    return _content(order, order_settings(order))


def path_content(order: Order) -> OrderContent:
    """The same without its output templates, which image paths do not depend on: no question to the database."""
    return _content(order, settings_from_json(order.output_settings, new=_NO_TEMPLATE, used=_NO_TEMPLATE))


def _content(order: Order, settings: OutputSettings) -> OrderContent:
    return OrderContent(
        kind=OrderKind(order.kind),
        order_number=order.order_number,
        completed_at=timezone.localtime(order.completed_at),
        dataset_id=order.dataset_id,
        settings=settings,
        lines=(),
    )


def judge_lines(*, order: Order, lines: Iterable[OrderLine]) -> None:
    """Find out what keeps each line from being printed and what a reviewer should know of it; nothing is saved.

    What the VIN log, other orders and the dealership's list of websites say changes without the line and is no part
    of it.
    """
    content = empty_content(order)
    for line in lines:
        shown = line_content(line, seq=line.seq)
        line.lacks = _lacks(shown, content)
        line.warnings = [*vehicle_warnings(shown), *line_warnings(shown, content.settings)]


def _lacks(shown: LineContent, content: OrderContent) -> str:
    try:
        render_line(shown, template_for(shown, content.settings), content)
    except RenderError as error:
        return error.lacks
    except Refused:
        return ""  # an output path that no line can have: the review tells it of the order
    return ""
