from django.db import migrations

from dealerships.domain.rules import fold_text
from inventory.domain.normalisation import DEFAULT_CONDITIONS, DEFAULT_LOT_STATUSES, DEFAULT_PRICE_PHRASES


def fill(apps, schema_editor):
    """The start content; staff extend it. `save` of these historical models does not fold, so the fold is given."""
    conditions = apps.get_model("inventory", "ConditionMapping")
    conditions.objects.bulk_create(
        conditions(text=text, folded=fold_text(text), condition=str(value))
        for text, value in DEFAULT_CONDITIONS.items()
    )
    statuses = apps.get_model("inventory", "LotStatusMapping")
    statuses.objects.bulk_create(
        statuses(text=text, folded=fold_text(text), lot_status=str(value))
        for text, value in DEFAULT_LOT_STATUSES.items()
    )
    phrases = apps.get_model("inventory", "PricePhrase")
    phrases.objects.bulk_create(phrases(text=text, folded=fold_text(text)) for text in DEFAULT_PRICE_PHRASES)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
