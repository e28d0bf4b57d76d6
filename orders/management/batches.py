"""How the commands of batches tell one in words."""

from typing import Any


def batch_text(document: dict[str, Any]) -> str:
    """A line for the batch and one for each of its orders."""
    lines = [f"Batch {document['batch_id']} is {document['status'].replace('_', ' ')}."]
    for row in document["orders"]:
        name = row["dealership"] if row["conditions"] == "all" else f"{row['dealership']} ({row['conditions']})"
        order = (
            f"order {row['order_number'] or row['order_id']}, {row['lines']} lines" if row["order_id"] else "no order"
        )
        words = ", ".join(filter(None, [order, row["status"].replace("_", " ")]))
        lines.append(f"  {name}: {words}{'. ' + row['reason'] if row['reason'] else ''}")
    return "\n".join(lines)
