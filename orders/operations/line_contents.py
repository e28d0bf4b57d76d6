"""A line as it will be printed."""

from orders.domain.lines import LineContent
from orders.domain.overrides import effective
from orders.models import OrderLine


def line_content(line: OrderLine, *, seq: int) -> LineContent:
    """A line as it will be printed: the snapshot with the reviewer's values, at position `seq` of the files."""
    snapshot = {name: getattr(line, name) for name in _SNAPSHOT}
    return LineContent(
        seq=seq,
        vin=line.vin,
        sources=tuple(line.sources),
        is_placeholder=line.is_placeholder,
        is_duplicate=line.is_duplicate,
        raw=line.raw,
        **effective({**snapshot, "features": "", "headline": ""}, line.overrides),
    )


_SNAPSHOT = (
    "condition",
    "stock",
    "year",
    "make",
    "model",
    "trim",
    "ext_color",
    "body_style",
    "fuel_type",
    "raw_status",
    "price",
    "msrp",
    "date_in_stock",
    "street_address",
    "locality",
    "postal_code",
    "region",
    "url",
)
