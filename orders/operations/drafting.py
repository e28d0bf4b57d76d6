"""Drafts of orders: what people type is kept until the order is prepared, and no page overwrites another's text."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from dealerships.domain.output import OrderKind
from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from orders.domain.list_entries import VIN_LENGTH, replace_entry
from orders.domain.vin_log import read_sheet
from orders.models import Order, OrderDraft
from orders.operations.preparing import OrderRequest, create_order

MOST_CHARACTERS = 100_000
MOST_FILE_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class TypedOrder:
    """What an open page holds of an order, with what it knows of the draft: its key, the version that it showed.

    `writer` names the open page itself.
    """

    dealership: Dealership | None
    kind: OrderKind
    group: str
    entries: str
    include_missing: bool
    key: UUID
    version: int
    writer: UUID


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided about a draft that another page changed: the draft as it was shown, and whether to join."""

    key: UUID
    version: int
    keeps_both: bool


def find_draft(*, user: User, dealership: Dealership | None) -> OrderDraft | None:
    """The user's open draft for a dealership, or the one that has none yet."""
    return OrderDraft.objects.open().filter(user=user, dealership=dealership).select_related("dealership").first()


def begun_drafts(*, user: User) -> list[OrderDraft]:
    """The user's drafts with anything typed, of active dealerships or of none yet, the newest first."""
    drafts = OrderDraft.objects.begun().filter(user=user).exclude(dealership__active=False)
    return list(drafts.select_related("dealership"))


def save_draft(*, user: User, typed: TypedOrder, decision: Decision | None = None) -> OrderDraft | None:
    """Keep what a page holds; gives the draft, or None where nothing is typed and nothing was kept before.

    Raises `Refused`: `already_prepared` when it has become an order (its `order_id` in the detail), `draft_changed`
    when another page saved since (the draft's id in the detail); then nothing is saved until there is a `decision`.
    """
    with transaction.atomic():
        _lock(user)
        prepared = Order.objects.filter(idempotency_key=typed.key).first()
        if prepared:
            detail = {"order_id": prepared.pk}
            raise Refused(f"This is {prepared.in_words()} already.", code="already_prepared", detail=detail)
        own = OrderDraft.objects.filter(user=user, key=typed.key).first()
        standing = find_draft(user=user, dealership=typed.dealership)
        if standing and standing != own:
            if not typed.entries.strip():
                return standing
            draft, entries = standing, _settled(standing, typed, decision)
            if own:
                own.delete()
        elif own:
            draft, entries = own, _settled(own, typed, decision)
        elif typed.entries.strip():
            draft, entries = OrderDraft(user=user, key=typed.key, version=0), typed.entries
        else:
            return None
        return _write(draft, typed, entries)


def _lock(user: User) -> None:
    """One page of a user after the other; who only refers to the user does not wait."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _settled(draft: OrderDraft, typed: TypedOrder, decision: Decision | None) -> str:
    """The entries to be kept of a draft that is there already. Raises `Refused` where a person must decide."""
    is_same_page = draft.key == typed.key and (draft.version == typed.version or draft.writer == typed.writer)
    if is_same_page or draft.entries.strip() in ("", typed.entries.strip()):
        return typed.entries
    if decision and (decision.key, decision.version) == (draft.key, draft.version):
        return _joined(draft.entries, typed.entries) if decision.keeps_both else typed.entries
    raise Refused(
        "This order was changed in another window. Nothing of this page is saved before you choose.",
        code="draft_changed",
        detail={"draft_id": draft.pk},
    )


def _joined(first: str, second: str) -> str:
    """Both texts by lines, each line once."""
    lines = [line.strip() for line in (*first.splitlines(), *second.splitlines())]
    return "\n".join(dict.fromkeys(filter(None, lines)))


def _write(draft: OrderDraft, typed: TypedOrder, entries: str) -> OrderDraft:
    before = _content(draft)
    if draft.dealership != typed.dealership:
        draft.vin_only = []
    draft.dealership, draft.kind, draft.condition_group = typed.dealership, typed.kind, typed.group
    draft.entries, draft.include_missing = entries, typed.include_missing
    draft.vin_only = [vin for vin in draft.vin_only if vin in entries.upper()]
    draft.discarded_at = None
    if draft.version == 0 or _content(draft) != before:
        draft.version += 1
        draft.writer = typed.writer
        draft.save()
    return draft


def _content(draft: OrderDraft) -> tuple[object, ...]:
    return (
        draft.dealership_id,
        draft.kind,
        draft.condition_group,
        draft.entries,
        draft.include_missing,
        tuple(draft.vin_only),
        draft.discarded_at,
    )


def replace_in_draft(*, draft: OrderDraft, position: int, was: str, by: str) -> OrderDraft:
    """Put another text in the place of one entry. Raises `Refused` when that entry is another one by now."""
    with transaction.atomic():
        draft = OrderDraft.objects.select_for_update().get(pk=draft.pk)
        try:
            draft.entries = replace_entry(draft.entries, position, was=was, by=by)
        except ValueError as error:
            raise Refused(str(error), code="entry_changed") from error
        return _save_again(draft)


def print_vin_only(*, draft: OrderDraft, vin: str, wanted: bool) -> OrderDraft:
    """Print one VIN though the website does not show it, or leave it out again. Raises `BadInput` for no VIN of it."""
    with transaction.atomic():
        draft = OrderDraft.objects.select_for_update().get(pk=draft.pk)
        if len(vin) != VIN_LENGTH or vin not in draft.entries.upper():
            raise BadInput(f"{vin!r} is no VIN of this order. Look at the list again.", code="unknown_entry")
        others = [each for each in draft.vin_only if each != vin]
        draft.vin_only = [*others, vin] if wanted else others
        return _save_again(draft)


def _save_again(draft: OrderDraft) -> OrderDraft:
    draft.version += 1
    draft.save()
    return draft


def read_entry_file(data: bytes) -> str:
    """The entries of a text or CSV file, one per line. Raises `BadInput` for what is no text or too large."""
    if len(data) > MOST_FILE_BYTES:
        raise BadInput(f"The file has {len(data):,} bytes; a list of entries has 256 KB at most.", code="too_large")
    if not data.strip():
        raise BadInput("The file is empty. Choose another one.", code="empty")
    return "\n".join(cell.strip() for row in read_sheet(data) for cell in row if cell.strip())


def discard_draft(*, user: User, key: UUID) -> OrderDraft | None:
    """Put a draft away; it may be taken back. None when there is none with that key."""
    draft = OrderDraft.objects.open().filter(user=user, key=key).select_related("dealership").first()
    if draft:
        draft.discarded_at = timezone.now()
        draft.save()
    return draft


def restore_draft(*, user: User, key: UUID) -> OrderDraft:
    """Take a discarded draft back. Raises `Refused` when another was begun since, `BadInput` when it is gone."""
    with transaction.atomic():
        _lock(user)
        draft = OrderDraft.objects.filter(user=user, key=key).select_related("dealership").first()
        if draft is None:
            raise BadInput("That draft is gone.", code="unknown_draft")
        standing = find_draft(user=user, dealership=draft.dealership)
        if standing and standing != draft:
            if standing.entries:
                whom = f"for {draft.dealership}" if draft.dealership else "without a dealership"
                raise Refused(
                    f"You have begun another order {whom}. Prepare or discard it first.", code="another_draft"
                )
            standing.delete()
        draft.discarded_at = None
        draft.save()
    return draft


def prepare_draft(*, request: OrderRequest, draft: OrderDraft | None) -> Order:
    """Prepare the order that was typed and end its draft, both or neither. Raises like `create_order`."""
    with transaction.atomic():
        if draft:
            _lock(draft.user)
        order, _ = create_order(request)
        if draft:
            draft.delete()
    return order
