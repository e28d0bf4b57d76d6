"""The summary of an order for other programs."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from dealerships.domain.rules import Condition
from orders.domain.billing import Billing, billing_of, count_condition
from orders.domain.file_names import image_file
from orders.domain.lines import FileContent, LineContent, OrderContent, OutputSettings

SCHEMA = 1
EXCLUSIONS = ("off_lot", "condition", "no_stock", "no_price", "rules", "vin_log", "open_order")


def order_summary(content: OrderContent, files: Iterable[FileContent]) -> bytes:
    """The summary as JSON text with its keys in a fixed order; `files` are the tables that the order wrote."""
    settings, billing = content.settings, billing_of(content)
    summary = {
        "schema": SCHEMA,
        "order_number": content.order_number,
        "dealership": settings.dealership_name,
        "order_type": content.kind.value.upper(),
        "completed_at": content.completed_at.isoformat(timespec="seconds"),
        "template": {
            "new": settings.template_new.label,
            "used": settings.template_used.label,
        },
        "path_profile": settings.profile_name,
        "dataset_id": content.dataset_id,
        "counts": _counts(billing),
        "excluded": {step: content.excluded.get(step, 0) for step in EXCLUSIONS},
        "not_on_website": list(billing.not_on_website),
        "duplicates": [line.vin for line in billing.duplicates],
        "lines": [_line(line, settings) for line in content.lines],
        "files": [
            {"name": file.name, "rows": file.rows, "sha256": hashlib.sha256(file.data).hexdigest()} for file in files
        ],
    }
    return (json.dumps(summary, indent=2, ensure_ascii=False) + "\n").encode()


def _counts(billing: Billing) -> dict[str, int]:
    return {
        "lines": len(billing.lines),
        "new": count_condition(billing.lines, Condition.NEW),
        "po": count_condition(billing.lines, Condition.PRE_OWNED),
        "cpo": count_condition(billing.lines, Condition.CERTIFIED),
        "ordered": len(billing.ordered),
        "produced": len(billing.lines),
        "duplicates": len(billing.duplicates),
        "not_on_website": len(billing.not_on_website),
    }


def _line(line: LineContent, settings: OutputSettings) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "vin": line.vin,
        "stock": line.stock,
        "condition": line.condition.value,
        "source": list(line.sources),
        "qr": image_file(line, settings),
    }
