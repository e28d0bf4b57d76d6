from django.db import migrations

from dealerships.domain.rules import fold_text

# Search engines are told of certified vehicles as refurbished ones.
CONDITIONS = {"Refurbished": "cpo"}
STATUSES = {"At Dealership": "on_lot", "InTransit": "off_lot", "Pre-Sold": "off_lot"}


def add(apps, schema_editor):
    """Words that websites use and files did not; a word that somebody has mapped stays as it is."""
    conditions = apps.get_model("inventory", "ConditionMapping")
    conditions.objects.bulk_create(
        [conditions(text=text, folded=fold_text(text), condition=value) for text, value in CONDITIONS.items()],
        ignore_conflicts=True,
    )
    statuses = apps.get_model("inventory", "LotStatusMapping")
    statuses.objects.bulk_create(
        [statuses(text=text, folded=fold_text(text), lot_status=value) for text, value in STATUSES.items()],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0008_tell_files_from_websites")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
