from django.apps import AppConfig


class SilverFoxConfig(AppConfig):
    name = "silverfox"
    verbose_name = "Silver Fox"
