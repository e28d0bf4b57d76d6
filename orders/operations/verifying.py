"""Whether the released files still are what was released: every one of them, and none beside them."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from foundation.errors import BadInput
from jobs.operations.background import keep_alive
from orders.files import artifact_sha256, published_files
from orders.models import Artifact

logger = logging.getLogger(__name__)
VERIFY_JOB = "verify_artifacts"
# A younger folder may belong to an attempt that is about to be recorded.
_ORPHAN_AGE_SECONDS = 24 * 3600
_SHOWN = 50


@dataclass
class Verification:
    """What became of every released file; paths are relative to the orders folder."""

    checked: int = 0
    missing: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.altered or self.orphaned)

    def __str__(self) -> str:
        return (
            f"{self.checked:,} files checked: {len(self.missing):,} missing, {len(self.altered):,} altered, "
            f"{len(self.orphaned):,} orphaned."
        )


def verify_artifacts(*, order_ids: Iterable[int] | None = None) -> Verification:
    """Compare the SHA-256 of released files with that of their release; of all orders, look for files of no order too.

    Raises `BadInput` for an order that has released nothing. Nothing is changed: a lost file comes back by re-issuing
    its order.
    """
    wanted = None if order_ids is None else sorted(set(order_ids))
    artifacts = Artifact.objects.order_by("pk")
    if wanted is not None:
        artifacts = artifacts.filter(order__in=wanted)
        _require_files(wanted)
    found = Verification()
    for path, sha256 in artifacts.values_list("path", "sha256").iterator(chunk_size=2000):
        keep_alive()
        found.checked += 1
        actual = artifact_sha256(path)
        if actual != sha256:
            (found.altered if actual else found.missing).append(path)
    if wanted is None:
        found.orphaned = _orphans(keep_alive)
    return found


def _require_files(order_ids: list[int]) -> None:
    having = set(Artifact.objects.filter(order__in=order_ids).values_list("order_id", flat=True))
    if lacking := [str(pk) for pk in order_ids if pk not in having]:
        raise BadInput(f"No files were released by order {', '.join(lacking)}. Check the number.", code="no_files")


def _orphans(beat: Callable[[], Any]) -> list[str]:
    """Files of an age on the disk that no row names."""
    limit = time.time() - _ORPHAN_AGE_SECONDS
    known: set[str] = set()
    order_id, orphans = "", []
    for path, changed_at in published_files():
        folder = path.split("/")[0]
        if folder != order_id:
            beat()
            order_id = folder
            named = Artifact.objects.filter(path__startswith=f"{folder}/").values_list("path", flat=True)
            known = set(named)
        if path not in known and changed_at < limit:
            orphans.append(path)
    return orphans


def verify_nightly() -> str:
    """The nightly run over everything: a finding is logged as an error, the outcome is the job's result."""
    found = verify_artifacts()
    if not found.is_clean:
        details = {kind: getattr(found, kind)[:_SHOWN] for kind in ("missing", "altered", "orphaned")}
        logger.error("released files are not what was released", extra=details)
    return str(found)
