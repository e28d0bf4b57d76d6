"""Completion: files first, proved by reading them back, then files, VIN log and state in one transaction."""

import hashlib
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now, TruncSecond
from django.utils import timezone

from dealerships.models import Dealership
from foundation.errors import BadInput, ConfirmationNeeded, Refused, SilverFoxError
from jobs.executor import enqueue
from orders.domain.lines import FileContent, OrderContent
from orders.domain.order_files import build_order_files
from orders.domain.rendering import template_for
from orders.domain.states import OrderState
from orders.domain.verification import verify_order_files
from orders.files import (
    WrittenFile,
    artifact_sha256,
    attempt_folder,
    discard_files,
    publish_files,
    read_temporary,
    restore_artifact,
    write_files,
)
from orders.models import Artifact, Order, OrderLine, VinLogEntry
from orders.operations.checking import (
    order_content,
    require_not_printed_meanwhile,
    require_printable,
    unapproved_hosts,
)
from orders.operations.transitions import lock_order, move_order, record_event

logger = logging.getLogger(__name__)
COMPLETE_JOB = "complete_order"
LONGEST_ORDER_NUMBER = 100


class LostLease(Exception):
    """Another worker owns the order now; this one stops without further effects."""


def approve_order(
    *,
    order: Order,
    order_number: str,
    confirmed: bool = False,
    log_vins: bool = True,
    reason: str = "",
    actor: User | None = None,
    in_background: bool = False,
) -> Order:
    """Give a reviewed order its number, fix its content and queue it, in one transaction.

    `in_background` also rings for a worker. `log_vins=False` needs a reason; both are recorded with `actor`, and so is
    what was confirmed. Raises `BadInput` for the number or a missing reason, `Refused` for lines that cannot be
    printed or were printed meanwhile and for an order that waits already with other choices, `ConfirmationNeeded`
    for a number that another order has or for hosts that nobody approved.
    """
    order_number = _read_order_number(order_number)
    if not log_vins and not reason.strip():
        raise BadInput("Say why the VINs are not to be logged (--reason).", code="reason_needed")
    with transaction.atomic():
        locked = lock_order(order.pk)
        _require_same_choices(locked, order_number, log_vins=log_vins)
        if locked.state == OrderState.FAILED:
            move_order(locked, OrderState.REVIEW, action="back to review", actor=actor)
        if locked.state == OrderState.REVIEW:
            require_printable(order=locked)
            words = _require_confirmation(locked, order_number, confirmed=confirmed)
            locked.order_number, locked.log_vins, locked.log_skip_reason = order_number, log_vins, reason.strip()
            locked.error_text, locked.attempts, locked.completed_at = "", 0, None
            locked.save()
            detail = "; ".join([*_approval_words(locked), *words])
            move_order(locked, OrderState.APPROVED, action="approve", actor=actor, detail=detail)
        if locked.state == OrderState.APPROVED:
            move_order(locked, OrderState.QUEUED, action="queue", actor=actor)
            if in_background:
                enqueue(COMPLETE_JOB, locked.pk)
    return locked


def ring_again(*, order: Order) -> None:
    """Ask a worker once more for an order that waits, or whose worker is gone; a doubled ring harms nothing.

    Raises `Refused` when the order neither waits nor is in production.
    """
    with transaction.atomic():
        locked = lock_order(order.pk)
        if locked.state not in {OrderState.QUEUED, OrderState.PROCESSING}:
            raise Refused(f"Order {order.pk} is {locked.state}; no worker is needed.", code="not_waiting")
        enqueue(COMPLETE_JOB, locked.pk)


def _require_same_choices(order: Order, order_number: str, *, log_vins: bool) -> None:
    """An order that waits or is in production is not silently completed otherwise than it was asked for now."""
    is_fixed = order.state in {OrderState.QUEUED, OrderState.PROCESSING}
    if is_fixed and (order.order_number, order.log_vins) != (order_number, log_vins):
        raise Refused(
            f"Order {order.pk} is {order.state} as {', '.join(_approval_words(order))}. Repeat that, or cancel it.",
            code="other_choices",
        )


def _approval_words(order: Order) -> list[str]:
    words = [f"order number {order.order_number}"]
    return words if order.log_vins else [*words, f"VINs are not logged: {order.log_skip_reason}"]


def _read_order_number(text: str) -> str:
    number = " ".join(text.split())
    if not number or len(number) > LONGEST_ORDER_NUMBER or not number.isprintable():
        raise BadInput(f"An order number has 1 to {LONGEST_ORDER_NUMBER} characters.", code="order_number")
    return number


def _require_confirmation(order: Order, order_number: str, *, confirmed: bool) -> list[str]:
    """What a person has to answer with yes, as it goes on record; raises `ConfirmationNeeded` without the yes."""
    questions = []
    ended = [OrderState.CANCELLED, OrderState.VOIDED]
    other = Order.objects.filter(order_number=order_number).exclude(pk=order.pk).exclude(state__in=ended).first()
    if other:
        questions.append(f"Order number {order_number} belongs to {other.dealership}, order {other.pk}.")
    strange = unapproved_hosts(order=order)
    if strange:
        hosts = ", ".join(f"{host} ({count} lines)" for host, count in strange.items())
        questions.append(f"QR codes lead to websites that are not approved for {order.dealership}: {hosts}.")
    if questions and not confirmed:
        raise ConfirmationNeeded(" ".join([*questions, "Confirm to go on (--yes)."]), detail={"questions": questions})
    return [f"confirmed: {question}" for question in questions]


def complete_order(*, order: Order, actor: User | None = None) -> Order:
    """Make, prove and release the files of a queued order, and write the VIN log, all or nothing.

    On any failure the order is `failed` with the reason, and nothing is released or logged; the error is raised.
    Raises `Refused` when somebody else is working on the order.
    """
    order, token = _claim(order)
    try:
        with _recorded_failure(order, token):
            content = order_content(order)
            written = write_files(order.pk, token, _with_heartbeat(order, token, build_order_files(content)))
            _prove(content, read_temporary(order.pk, token, written))
            _renew_lease(order, token)
            folder = publish_files(order.pk, token)
            return _release(order, token, content, folder=folder, written=written, actor=actor)
    except LostLease as error:
        raise Refused(f"Order {order.pk} was taken over by another worker.", code="lost_lease") from error


def _claim(order: Order) -> tuple[Order, uuid.UUID]:
    """Become the owner of a queued order, or of one whose owner's lease ran out."""
    token = uuid.uuid4()
    free = Q(state=OrderState.QUEUED) | Q(state=OrderState.PROCESSING, lease_until__lt=Now())
    with transaction.atomic():
        claimed = Order.objects.filter(free, pk=order.pk).update(
            token=token,
            lease_until=_lease_end(),
            attempts=F("attempts") + 1,
            completed_at=Coalesce("completed_at", TruncSecond(Now())),
        )
        if not claimed:
            order.refresh_from_db()
            raise Refused(_not_claimable(order), code="not_claimable", detail={"status": order.state})
        locked = lock_order(order.pk)
        if locked.state == OrderState.QUEUED:
            move_order(locked, OrderState.PROCESSING, action="start", actor=None, detail=f"attempt {locked.attempts}")
        # The billing sheet counts duplicates before this order writes the log.
        _lines_marked_wrongly(locked).update(is_duplicate=F("was_logged"))
    return locked, token


def _not_claimable(order: Order) -> str:
    if order.state == OrderState.PROCESSING and order.lease_until:
        until = timezone.localtime(order.lease_until)
        return f"Order {order.pk} is in production; another worker owns it until {until:%H:%M:%S}. Try again then."
    return f"Order {order.pk} of {order.dealership} is {order.state}; only a queued order can be completed."


def _lease_end() -> Any:
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)


def _lines_marked_wrongly(order: Order) -> QuerySet[OrderLine]:
    """Lines whose mark as a duplicate is not what the log says before this order; baseline entries are no prints."""
    entries = VinLogEntry.objects.in_force().filter(dealership=order.dealership_id, is_baseline=False)
    before = entries.filter(vin=OuterRef("vin")).exclude(order=order)
    return order.lines.annotate(was_logged=Exists(before)).exclude(is_duplicate=F("was_logged"))


@contextmanager
def _recorded_failure(order: Order, token: uuid.UUID) -> Iterator[None]:
    """A failure leaves no file and a reason on the order; the error goes on to the caller."""
    try:
        yield
    except LostLease:
        discard_files(order.pk, token)
        raise
    except SilverFoxError as error:
        _fail(order, token, error.message)
        raise
    except OSError as error:
        reason = f"The files could not be written: {error.strerror}. Free space or mend the folder, then retry."
        _fail(order, token, reason)
        raise Refused(reason, code="disk") from error
    except Exception as error:
        # A fault of the program must show on the order too; it is raised on, never swallowed.
        _fail(order, token, f"Unexpected {type(error).__name__}: {error}. Nothing was released; retry.")
        raise


def _fail(order: Order, token: uuid.UUID, reason: str) -> None:
    with transaction.atomic():
        locked = lock_order(order.pk)
        # An error may arrive after the commit; then the files are released and stay.
        if not locked.artifacts.filter(path__startswith=attempt_folder(order.pk, token)).exists():
            discard_files(order.pk, token)
        if locked.token != token:
            return
        locked.error_text = reason
        locked.save(update_fields=["error_text"])
        move_order(locked, OrderState.FAILED, action="fail", actor=None, detail=reason)
    logger.warning("order failed", extra={"order_id": order.pk, "reason": reason})


def _with_heartbeat(order: Order, token: uuid.UUID, files: Iterable[FileContent]) -> Iterator[FileContent]:
    """Renew the lease every third of its time while files are made."""
    due = timezone.now()
    for file in files:
        if timezone.now() >= due:
            _renew_lease(order, token)
            due = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS / 3)
        yield file


def _renew_lease(order: Order, token: uuid.UUID) -> None:
    mine = Order.objects.filter(pk=order.pk, token=token, state=OrderState.PROCESSING)
    if not mine.update(lease_until=_lease_end()):
        raise LostLease


def _prove(content: OrderContent, files: Mapping[str, bytes]) -> None:
    problems = verify_order_files(content, files)
    if problems:
        raise Refused("Nothing was released: " + " ".join(problems), code="proof_failed", detail={"problems": problems})


def _release(
    order: Order,
    token: uuid.UUID,
    content: OrderContent,
    *,
    folder: str,
    written: list[WrittenFile],
    actor: User | None,
) -> Order:
    """The closing transaction: artifacts, VIN log, state and event together."""
    with transaction.atomic():
        # The dealership's lock keeps a log import or another order from changing the log before the commit.
        Dealership.objects.select_for_update().get(pk=order.dealership_id)
        locked = lock_order(order.pk)
        if locked.token != token or locked.state != OrderState.PROCESSING:
            raise LostLease
        require_not_printed_meanwhile(order=locked)
        if _lines_marked_wrongly(locked).exists():
            # The billing sheet states the duplicates; they must be counted again.
            raise Refused("The VIN log changed while the files were made. Retry.", code="log_changed")
        Artifact.objects.bulk_create(
            Artifact(
                order=locked,
                kind=file.kind,
                name=file.name,
                path=f"{folder}/{file.name}",
                sha256=file.sha256,
                size=file.size,
                rows=file.rows,
                output_template=file.output_template,
            )
            for file in written
        )
        logged = _log_vins(locked, content, actor) if locked.log_vins else 0
        move_order(locked, OrderState.DONE, action="complete", actor=actor, detail=f"{logged} VINs logged")
    return locked


def _log_vins(order: Order, content: OrderContent, actor: User | None) -> int:
    entries = VinLogEntry.objects.bulk_create(
        VinLogEntry(
            dealership=order.dealership,
            vin=line.vin,
            label=order.order_number,
            order=order,
            order_kind=order.kind,
            date=content.completed_at.date(),
            output_template=template_for(line, content.settings).code,
            source=VinLogEntry.Source.ORDER,
            created_by=actor,
        )
        for line in content.lines
    )
    return len(entries)


def cancel_order(*, order: Order, actor: User | None = None, reason: str = "") -> Order:
    """End an order before its completion; its VINs are free again. Raises `Refused` when it is past that."""
    with transaction.atomic():
        locked = lock_order(order.pk)
        move_order(locked, OrderState.CANCELLED, action="cancel", actor=actor, detail=reason)
    return locked


def void_order(*, order: Order, reason: str, actor: User | None = None) -> tuple[Order, int]:
    """Withdraw a done order: its log entries are voided, its files stay. Gives the order and the entries voided."""
    reason = " ".join(reason.split())
    if not reason:
        raise BadInput("Say why the order is void (--reason).", code="reason_needed")
    with transaction.atomic():
        Dealership.objects.select_for_update().get(pk=order.dealership_id)
        locked = lock_order(order.pk)
        move_order(locked, OrderState.VOIDED, action="void", actor=actor, detail=reason)
        entries = VinLogEntry.objects.in_force().filter(order=locked)
        voided = entries.update(voided_at=Now(), voided_by=actor, void_reason=reason)
    return locked, voided


def reissue_order(*, order: Order, actor: User | None = None) -> list[str]:
    """Make a done order's files again from its lines, byte for byte; gives the names of those that had to be mended.

    Writes no log entry. Raises `Refused` when the lines no longer give the released bytes.
    """
    if order.state not in {OrderState.DONE, OrderState.VOIDED}:
        raise Refused(f"Order {order.pk} is {order.state}; only released files can be issued again.", code="not_done")
    return _mend_artifacts(order, actor)


def _mend_artifacts(order: Order, actor: User | None) -> list[str]:
    artifacts = {artifact.name: artifact for artifact in order.artifacts.all()}
    mended = []
    for file in build_order_files(order_content(order)):
        artifact = artifacts[file.name]
        if hashlib.sha256(file.data).hexdigest() != artifact.sha256:
            raise Refused(f"{file.name} would no longer be the released file; nothing was changed.", code="not_same")
        if artifact_sha256(artifact.path) != artifact.sha256:
            restore_artifact(artifact.path, file.data)
            mended.append(file.name)
    record_event(order, "re-issue", actor=actor, detail=f"{len(artifacts)} files, {len(mended)} mended")
    return mended
