"""How one person likes the pages, for pages that ask and pages that change it."""

from typing import Any

from django.contrib.auth.models import User

from foundation.models import Preferences


def preferences_of(user: User) -> Preferences:
    """The person's preferences, asked for once a request; those who never chose have the defaults, unsaved."""
    try:
        found: Preferences = user.preferences
    except Preferences.DoesNotExist:
        # Becomes what `user.preferences` gives from now on.
        found = Preferences(user=user)
    return found


def change_preferences(user: User, **values: Any) -> Preferences:
    """Keep some of a person's preferences, by their names; those that are not named stay."""
    changed, _ = Preferences.objects.update_or_create(user=user, defaults=values)
    return changed
