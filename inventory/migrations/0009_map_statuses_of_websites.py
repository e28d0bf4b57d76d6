from django.db import migrations

from dealerships.domain.rules import fold_text

STATUSES = {"At Dealership": "on_lot", "InTransit": "off_lot"}


def add(apps, schema_editor):
    """Words that websites use and files did not; a word that somebody has mapped stays as it is."""
    statuses = apps.get_model("inventory", "LotStatusMapping")
    statuses.objects.bulk_create(
        [statuses(text=text, folded=fold_text(text), lot_status=value) for text, value in STATUSES.items()],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0008_tell_files_from_websites")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
