"""Users: a person has one role; managers make them, superusers are made by superusers only."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator

from foundation.confirmation import password_confirmed
from foundation.roles import ROLES


class RoleField(forms.ModelChoiceField[Group]):
    def __init__(self) -> None:
        super().__init__(
            Group.objects.filter(name__in=ROLES),
            label="Role",
            empty_label="Choose",
            help_text="Viewers look, staff prepare and complete orders, managers also void, release and configure.",
        )


class NewUserForm(AdminUserCreationForm[User]):
    role = RoleField()


class UserForm(UserChangeForm[User]):
    role = RoleField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["role"] = self.instance.groups.filter(name__in=ROLES).first()


# Both were registered by the import above. Who is in which role is the user's page to say.
admin.site.unregister([User, Group])


@admin.register(User)
@method_decorator(password_confirmed(), name="changeform_view")
@method_decorator(password_confirmed(), name="user_change_password")
class SilverFoxUserAdmin(UserAdmin[User]):
    form = UserForm
    add_form = NewUserForm
    list_display = ("username", "first_name", "last_name", "role", "is_active", "is_superuser", "last_login")
    list_filter = ("groups", "is_active", "is_superuser")
    filter_horizontal = ()
    add_fieldsets = ((None, {"fields": ("username", "usable_password", "password1", "password2", "role")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users = super().get_queryset(request).prefetch_related("groups")
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        access = ("role", "is_active", "is_superuser") if request.user.is_superuser else ("role", "is_active")
        return (
            (None, {"fields": ("username", "password")}),
            ("Person", {"fields": ("first_name", "last_name", "email")}),
            ("Access", {"fields": access}),
            ("Dates", {"fields": ("last_login", "date_joined")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return ("last_login", "date_joined")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """What a user did stays with the user; an account is switched off instead."""
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        form.instance.groups.set([form.cleaned_data["role"]])

    @admin.display(description="Role")
    def role(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())
