"""Proving that released files are still what was released, and still say what their order says."""

import hashlib

from orders.domain.verification import verify_order_files
from orders.files import artifact_path
from orders.models import Artifact, Order
from orders.operations.checking import order_content


def check_files(*, order: Order) -> tuple[list[Artifact], list[str]]:
    """The released files of an order, and what is wrong with them as sentences; no sentence means nothing is.

    Each file on disk must have the SHA-256 of its release; when none is missing, headers, rows and QR codes are read
    back and compared with the order's lines, as before the release. An order that has released nothing has that as its
    problem.
    """
    artifacts = list(order.artifacts.all())
    if not artifacts:
        return [], [f"Order {order.pk} is {order.state}; it has no released files."]
    paths = {artifact.name: artifact_path(artifact.path) for artifact in artifacts}
    files = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
    problems = [f"{name} is missing on disk. Re-issue the order." for name in paths if name not in files]
    problems += [
        f"{artifact.name} is altered on disk: its SHA-256 is not that of its release. Re-issue the order."
        for artifact in artifacts
        if artifact.name in files and hashlib.sha256(files[artifact.name]).hexdigest() != artifact.sha256
    ]
    if len(files) == len(artifacts):
        problems += verify_order_files(order_content(order), files)
    return artifacts, problems
