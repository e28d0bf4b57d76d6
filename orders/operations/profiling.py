"""The path profile of an order: what the `@` cells are composed with, and its change after the release."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from dealerships.domain.output import PathLayout
from dealerships.models import PathProfile
from foundation.errors import Refused
from orders.domain.lines import FileContent
from orders.domain.order_files import build_order_files
from orders.domain.states import OrderState
from orders.domain.verification import verify_order_files
from orders.files import discard_files, publish_files, write_files
from orders.models import Order
from orders.operations.checking import order_content
from orders.operations.transitions import lock_order, record_event


def profile_settings(*, profile: PathProfile) -> dict[str, Any]:
    """What an order keeps of a path profile to compose its `@` cells with."""
    return {
        "profile_name": profile.name,
        "profile_base": profile.base,
        "profile_separator": profile.separator,
        "profile_layout": PathLayout(profile.layout),
    }


def change_profile(*, order: Order, profile: PathProfile, actor: User | None = None) -> list[str]:
    """Issue a done order again for another computer; gives the names of the files that have new bytes.

    Only the `@` cells change, and with them the summary and the ZIP; images keep their names and bytes, billing and
    the VIN log stay. Raises `Refused` when the order is not done, when its lines no longer give the released files,
    and when a path would be one that Adobe cannot follow; then nothing is changed.
    """
    with transaction.atomic():
        locked = lock_order(order.pk)
        require_done(locked)
        released = _require_released(locked)
        before = locked.output_settings["profile_name"]
        locked.output_settings |= profile_settings(profile=profile)
        changed = _changed_files(locked, released)
        locked.save(update_fields=["output_settings"])
        if changed:
            _replace(locked, changed)
        detail = f"{before} to {profile}: {', '.join(file.name for file in changed) or 'no file changed'}"
        record_event(locked, "change path profile", actor=actor, detail=detail)
    return [file.name for file in changed]


def require_done(order: Order) -> None:
    """Raise `Refused` for an order that cannot be issued for another computer."""
    if order.state != OrderState.DONE:
        raise Refused(f"Order {order.pk} is {order.state}; only a done order can be re-issued.", code="not_done")


def _require_released(order: Order) -> Mapping[str, bytes]:
    """The order's files as its lines give them now, which must be the released ones."""
    files = {file.name: file.data for file in build_order_files(order_content(order))}
    released = dict(order.artifacts.values_list("name", "sha256"))
    if {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} != released:
        raise Refused("The files would differ in more than their image paths; nothing was changed.", code="not_same")
    return files


def _changed_files(order: Order, released: Mapping[str, bytes]) -> list[FileContent]:
    """The files whose bytes differ under the new profile, proved together with the others."""
    content = order_content(order)
    files = list(build_order_files(content))
    problems = verify_order_files(content, {file.name: file.data for file in files})
    if problems:
        raise Refused("Nothing was released: " + " ".join(problems), code="proof_failed", detail={"problems": problems})
    return [file for file in files if file.data != released[file.name]]


def _replace(order: Order, changed: list[FileContent]) -> None:
    """Let the records name new files; the old ones stay on disk, so that a rollback finds them as they were."""
    token = uuid.uuid4()
    try:
        written = write_files(order.pk, token, changed)
        folder = publish_files(order.pk, token)
    except OSError as error:
        discard_files(order.pk, token)
        raise Refused(
            f"The files could not be written: {error.strerror}. Free space, then retry.", code="disk"
        ) from error
    for file in written:
        order.artifacts.filter(name=file.name).update(
            path=f"{folder}/{file.name}", sha256=file.sha256, size=file.size, rows=file.rows
        )
