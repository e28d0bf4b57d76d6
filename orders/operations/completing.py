"""Completion: files first, proved by reading them back, then files, VIN log and state in one transaction."""

import errno
import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from dealerships.models import Dealership
from foundation import context
from foundation.errors import BadInput, ConfirmationNeeded, Refused, SilverFoxError
from jobs import claims
from jobs.executor import enqueue
from orders.domain.lines import FileContent, OrderContent
from orders.domain.order_files import build_order_files
from orders.domain.rendering import template_for
from orders.domain.states import OrderState
from orders.domain.verification import verify_order_files
from orders.files import (
    WrittenFile,
    artifact_sha256,
    discard_files,
    publish_files,
    read_temporary,
    restore_artifact,
    write_files,
)
from orders.models import Artifact, Order, VinLogEntry
from orders.operations.checking import (
    order_content,
    require_not_printed_meanwhile,
    require_printable,
    unapproved_hosts,
)
from orders.operations.claiming import (
    ASK_TO_CANCEL,
    COMPLETE_JOB,
    claim_order,
    fail_order,
    lines_marked_wrongly,
    stop_cancelled,
)
from orders.operations.transitions import lock_order, move_order, record_event

LONGEST_ORDER_NUMBER = 100
# The disk, or what this user may have of it, is used up.
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


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
            locked.completed_at = None
            locked.save()
            claims.start_over(locked)
            detail = "; ".join([*_approval_words(locked), *words])
            move_order(locked, OrderState.APPROVED, action="approve", actor=actor, detail=detail)
        if locked.state == OrderState.APPROVED:
            move_order(locked, OrderState.QUEUED, action="queue", actor=actor)
            # A caller that does the work itself has rung, too: if it is lost, the sweep rings in its place.
            ring = partial(enqueue, COMPLETE_JOB, locked.pk) if in_background else partial(claims.note_rung, locked)
            ring()
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
    with context.bound(**facts_of(order)):
        order, token = claim_order(order)
        try:
            with _recorded_failure(order, token):
                return _produce(order, token, actor)
        except claims.LostLease as error:
            raise Refused(f"Order {order.pk} was taken over by another worker.", code="lost_lease") from error
        except claims.CancelRequested as error:
            words = f"Order {order.pk} was cancelled in production; nothing was released."
            raise Refused(words, code="cancelled") from error


def facts_of(order: Order) -> dict[str, object]:
    """What each record of work on an order carries."""
    return {"order_id": order.pk, "batch_id": order.batch_id or ""}


def _produce(order: Order, token: uuid.UUID, actor: User | None) -> Order:
    claims.enter("check")
    content = order_content(order)
    beat = claims.Heartbeat(order, token)
    claims.enter("write")
    written = write_files(order.pk, token, _with_heartbeat(beat, build_order_files(content)))
    claims.enter("prove")
    _prove(content, read_temporary(order.pk, token, written))
    beat()
    claims.enter("publish")
    folder = publish_files(order.pk, token)
    claims.enter("release")
    return _release(order, token, content, folder=folder, written=written, actor=actor)


@contextmanager
def _recorded_failure(order: Order, token: uuid.UUID) -> Iterator[None]:
    """A failure leaves no file and a reason on the order; the error goes on to the caller."""
    try:
        yield
    except claims.LostLease:
        discard_files(order.pk, token)
        raise
    except claims.CancelRequested:
        stop_cancelled(order, token)
        raise
    except SilverFoxError as error:
        fail_order(order, token, code=error.code, reason=error.message)
        raise
    except OSError as error:
        reason = _reason_of(error)
        fail_order(order, token, code="disk", reason=reason)
        raise Refused(reason, code="disk") from error
    except Exception as error:
        # A fault of the program must show on the order too; it is raised on, never swallowed.
        reason = f"Unexpected {type(error).__name__}: {error}. Nothing was released; retry."
        fail_order(order, token, code="E_UNEXPECTED", reason=reason, error=error)
        raise


def _reason_of(error: OSError) -> str:
    if error.errno in _NO_SPACE:
        return "The files could not be written: the disk is full. Free space, then retry."
    return f"The files could not be written: {error.strerror}. Free space or mend the folder, then retry."


def _with_heartbeat(beat: claims.Heartbeat, files: Iterable[FileContent]) -> Iterator[FileContent]:
    for file in files:
        beat()
        yield file


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
        dealership = Dealership.objects.select_for_update().get(pk=order.dealership_id)
        locked = claims.fence(order, token)
        locked.dealership = dealership
        require_not_printed_meanwhile(order=locked)
        if lines_marked_wrongly(locked).exists():
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
            dealership_id=order.dealership_id,
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
    """End an order before its completion; its VINs are free again. Raises `Refused` when it is past that.

    An order in production is cancelled by its worker at the next heartbeat, and stays `processing` with
    `cancel_requested` until then; if its worker comes to its end first, the order is done and has to be voided.
    """
    with transaction.atomic():
        locked = lock_order(order.pk)
        if locked.state == OrderState.PROCESSING and claims.has_live_lease(locked):
            if not locked.cancel_requested:
                locked.cancel_requested = True
                locked.save(update_fields=["cancel_requested"])
                record_event(locked, ASK_TO_CANCEL, actor=actor, detail=reason, before=locked.state)
        else:
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
