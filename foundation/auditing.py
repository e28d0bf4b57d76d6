"""Writing to the audit trail what no other table records."""

from collections.abc import Mapping

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User

from foundation.models import AuditEntry
from foundation.spreadsheet_csv import one_line


def record(
    action: str,
    *,
    object_type: str,
    object_id: object = "",
    object_name: str = "",
    actor: AbstractBaseUser | AnonymousUser | None = None,
    actor_name: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    detail: str = "",
) -> None:
    """Add an entry in the current transaction; the request and its address are added by themselves.

    `actor_name` is for people without an account or commands. Texts are stored on one line; passwords and tokens are
    for callers to leave out.
    """
    user = actor if isinstance(actor, User) else None
    AuditEntry.objects.create(
        action=action,
        object_type=object_type,
        object_id=one_line(str(object_id))[:64],
        object_name=one_line(object_name)[:200],
        actor=user,
        actor_name=one_line(user.get_username() if user else actor_name)[:150],
        before=dict(before or {}),
        after=dict(after or {}),
        detail=one_line(detail),
    )
