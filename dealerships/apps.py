from django.apps import AppConfig


class DealershipsConfig(AppConfig):
    name = "dealerships"
    default_auto_field = "django.db.models.BigAutoField"
