"""What happens to accounts: the audit trail is told of signing in and out, users, their rights and their roles."""

import time
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.http import HttpRequest

from foundation import context
from foundation.auditing import record
from foundation.confirmation import note_confirmation
from silverfox.sessions import SIGNED_IN_AT

_RECORDED = ("username", "first_name", "last_name", "email", "is_active", "is_superuser")


def connect() -> None:
    """Listen from now on; to be called once, when the apps are ready."""
    for signal, receiver in (
        (user_logged_in, signed_in),
        (user_logged_out, signed_out),
        (user_login_failed, sign_in_failed),
        (user_locked_out, locked_out),
    ):
        signal.connect(receiver, dispatch_uid=f"audit.{receiver.__name__}")
    pre_save.connect(remember_user, sender=User, dispatch_uid="audit.remember_user")
    post_save.connect(user_saved, sender=User, dispatch_uid="audit.user_saved")
    m2m_changed.connect(role_changed, sender=User.groups.through, dispatch_uid="audit.role_changed")


def signed_in(user: User, request: HttpRequest, **kwargs: Any) -> None:
    request.session[SIGNED_IN_AT] = time.time()
    note_confirmation(request.session)
    record("account.signed_in", object_type="account", object_id=user.pk, object_name=user.username, actor=user)


def signed_out(user: User | None, **kwargs: Any) -> None:
    if user:
        record("account.signed_out", object_type="account", object_id=user.pk, object_name=user.username, actor=user)


def sign_in_failed(credentials: dict[str, Any], **kwargs: Any) -> None:
    name = str(credentials.get("username", ""))
    record("account.sign_in_failed", object_type="account", object_name=name, actor_name=name)


def locked_out(request: HttpRequest, username: str, **kwargs: Any) -> None:
    name = str(username or "")
    record("account.locked_out", object_type="account", object_name=name, actor_name=name)


def remember_user(instance: User, **kwargs: Any) -> None:
    former = User.objects.filter(pk=instance.pk).values(*_RECORDED, "password").first() if instance.pk else None
    # Read by `user_saved`, which follows.
    instance.__dict__["former_values"] = former or {}


def user_saved(instance: User, created: bool, **kwargs: Any) -> None:  # noqa: FBT001 - Django's signature
    """Never the password itself, only that it is another one."""
    former: dict[str, Any] = instance.__dict__["former_values"]
    values = {name: getattr(instance, name) for name in _RECORDED}
    changed = [name for name in _RECORDED if former.get(name, "") != values[name]]
    before = {name: former[name] for name in changed} if former else {}
    after = {name: values[name] for name in changed}
    if former and former["password"] != instance.password:
        after |= {"password": "changed"}
    if after:
        _record_user("user.created" if created else "user.changed", instance, before, after)


def role_changed(instance: Any, action: str, pk_set: set[int] | None, reverse: bool, **kwargs: Any) -> None:  # noqa: FBT001
    if action not in {"post_add", "post_remove", "post_clear"} or reverse:
        return
    now = set(instance.groups.values_list("name", flat=True))
    moved = set(Group.objects.filter(pk__in=pk_set or ()).values_list("name", flat=True))
    former = now - moved if action == "post_add" else now | moved
    if former != now:
        _record_user("user.role_changed", instance, {"role": _named(former)}, {"role": _named(now)})


def _named(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _record_user(action: str, user: User, before: dict[str, Any], after: dict[str, Any]) -> None:
    actor = User.objects.filter(pk=context.user_id() or 0).first()
    record(
        action,
        object_type="user",
        object_id=user.pk,
        object_name=user.username,
        actor=actor,
        before=before,
        after=after,
    )
