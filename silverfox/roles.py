"""The groups of the three roles and what the admin site opens to them; made after every migration."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from foundation.roles import MANAGER, ROLES

# What a manager configures; history, not deletion, is how a dealership or a user leaves.
_CHANGED_BY_MANAGERS = {
    "dealerships": {"dealership", "pathprofile"},
    "scrapers": {"website"},
    "auth": {"user"},
}
_OWNED_BY_MANAGERS = {
    "dealerships": {"dealershipalias", "textrewrite"},
    "inventory": {"conditionmapping", "lotstatusmapping", "pricephrase"},
}


def create_roles(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Make the groups where they are missing and give managers exactly the permissions of their configuration."""
    labels = {*_CHANGED_BY_MANAGERS, *_OWNED_BY_MANAGERS}
    for label in labels:
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    groups = [Group.objects.using(using).get_or_create(name=name)[0] for name in ROLES]
    allowed = Permission.objects.using(using).filter(
        _models(_OWNED_BY_MANAGERS) | (_models(_CHANGED_BY_MANAGERS) & ~Q(codename__startswith="delete_"))
    )
    groups[ROLES.index(MANAGER)].permissions.set(allowed)


def _models(names: dict[str, set[str]]) -> Q:
    chosen = Q(pk__in=[])
    for label, models in names.items():
        chosen |= Q(content_type__app_label=label, content_type__model__in=models)
    return chosen
