from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate

# Only the executor knows the queue; its own admin pages would let people run tasks again.
_NOT_ADMINISTERED = ("django_q.Success", "django_q.Failure", "django_q.Schedule", "django_q.OrmQ")


class SilverFoxConfig(AppConfig):
    name = "silverfox"
    verbose_name = "Silver Fox"

    def ready(self) -> None:
        from silverfox import checks, signals  # noqa: F401 - checks register themselves
        from silverfox.roles import create_roles

        signals.connect()

        # The signal comes once for every app with tables; this one is enough.
        post_migrate.connect(create_roles, sender=apps.get_app_config("auth"), dispatch_uid="silverfox.roles")


class SilverFoxAdminConfig(AdminConfig):
    """The admin site with our rules of access; it holds what this project configures and nothing else."""

    default_site = "silverfox.admin_site.SilverFoxAdminSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin

        admin.site.unregister([apps.get_model(name) for name in _NOT_ADMINISTERED])
