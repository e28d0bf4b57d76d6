"""Orders and their released files, for pages and commands."""

from pathlib import Path

from django.db.models import Max

from foundation.errors import BadInput, Refused
from orders.domain.file_names import order_folder
from orders.files import artifact_path, artifact_sha256, write_durably
from orders.models import FIVE_DIGITS, Artifact, Order, VinLogEntry
from orders.operations.checking import order_content


def find_order(*, order_id: int) -> Order:
    """The order with that id. Raises `BadInput` when there is none."""
    order = Order.objects.select_related("dealership").filter(pk=order_id).first()
    if order is None:
        newest = Order.objects.order_by("-pk").values_list("pk", flat=True).first()
        hint = f"The newest is order {newest}." if newest else "There are no orders yet."
        raise BadInput(f"There is no order {order_id}. {hint}", code="unknown_order")
    return order


def suggest_order_number() -> str:
    """The number after the highest five-digit one of all orders and log labels; empty when there is none."""
    numbers = (
        Order.objects.filter(order_number__regex=FIVE_DIGITS).aggregate(highest=Max("order_number"))["highest"],
        VinLogEntry.objects.filter(label__regex=FIVE_DIGITS).aggregate(highest=Max("label"))["highest"],
    )
    highest = max(filter(None, numbers), default="")
    return str(int(highest) + 1) if highest else ""


def require_artifact(*, artifact: Artifact) -> Path:
    """The path of a released file whose bytes are still the released ones. Raises `Refused` otherwise."""
    if artifact_sha256(artifact.path) != artifact.sha256:
        raise Refused(f"{artifact.name} is missing or altered on disk. Re-issue the order.", code="artifact_lost")
    return artifact_path(artifact.path)


def export_order(*, order: Order, directory: Path) -> list[Path]:
    """Write the folder of a done order below `directory`; gives the written paths.

    Raises `Refused` when the order has no released files and `BadInput` for a directory that cannot be written.
    """
    artifacts = [a for a in order.artifacts.all() if a.kind != Artifact.Kind.ZIP]
    if not artifacts:
        raise Refused(f"Order {order.pk} is {order.state}; it has no released files.", code="no_files")
    folder = directory / order_folder(order_content(order))
    written = []
    try:
        for artifact in artifacts:
            target = folder / artifact.name
            target.parent.mkdir(parents=True, exist_ok=True)
            write_durably(target, require_artifact(artifact=artifact).read_bytes())
            written.append(target)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}. Name a folder that can.") from error
    return written
