import django.db.models.deletion
from django.db import migrations, models

LABELS = {"template_new": "output template for new", "template_used": "output template for used"}

# An empty code becomes no choice, also in what the table of dealerships gave before.
EMPTY_TO_NULL = """
UPDATE dealerships_dealership
    SET template_new = nullif(template_new, ''), template_used = nullif(template_used, '');
UPDATE dealerships_historicaldealership
    SET template_new = nullif(template_new, ''), template_used = nullif(template_used, '');
UPDATE dealerships_dealership SET loaded_values = loaded_values || '{"template_new": null}'
    WHERE loaded_values->>'template_new' = '';
UPDATE dealerships_dealership SET loaded_values = loaded_values || '{"template_used": null}'
    WHERE loaded_values->>'template_used' = '';
SET CONSTRAINTS ALL IMMEDIATE;
"""
NULL_TO_EMPTY = """
UPDATE dealerships_dealership
    SET template_new = coalesce(template_new, ''), template_used = coalesce(template_used, '');
UPDATE dealerships_historicaldealership
    SET template_new = coalesce(template_new, ''), template_used = coalesce(template_used, '');
UPDATE dealerships_dealership SET loaded_values = loaded_values || '{"template_new": ""}'
    WHERE loaded_values->'template_new' = 'null';
UPDATE dealerships_dealership SET loaded_values = loaded_values || '{"template_used": ""}'
    WHERE loaded_values->'template_used' = 'null';
SET CONSTRAINTS ALL IMMEDIATE;
"""
# What serves somebody is not retired; the rules below hold from here on.
RESTORE_IN_USE = """
UPDATE dealerships_outputtemplate SET retired = false WHERE retired AND (is_default OR code IN (
    SELECT template_new_id FROM dealerships_dealership UNION SELECT template_used_id FROM dealerships_dealership));
"""
# A retired output template has no dealership: whoever chooses one waits for whoever retires it, and the other way round.
RULES = """
CREATE FUNCTION dealerships_refuse_retired_choice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM dealerships_outputtemplate
        WHERE code IN (NEW.template_new_id, NEW.template_used_id) ORDER BY id FOR SHARE;
    IF EXISTS (SELECT FROM dealerships_outputtemplate
            WHERE retired AND code IN (NEW.template_new_id, NEW.template_used_id)) THEN
        RAISE EXCEPTION 'A retired output template cannot be chosen: restore it, or choose another.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dealerships_refuse_retired_choice
    BEFORE INSERT OR UPDATE OF template_new_id, template_used_id ON dealerships_dealership
    FOR EACH ROW EXECUTE FUNCTION dealerships_refuse_retired_choice();

CREATE FUNCTION dealerships_refuse_retiring_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM dealerships_dealership WHERE NEW.code IN (template_new_id, template_used_id)) THEN
        RAISE EXCEPTION 'An output template that a dealership has cannot be retired: choose another there first.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dealerships_refuse_retiring_in_use
    BEFORE UPDATE OF retired ON dealerships_outputtemplate
    FOR EACH ROW WHEN (NEW.retired) EXECUTE FUNCTION dealerships_refuse_retiring_in_use();
"""
NO_RULES = """
DROP TRIGGER dealerships_refuse_retired_choice ON dealerships_dealership;
DROP FUNCTION dealerships_refuse_retired_choice();
DROP TRIGGER dealerships_refuse_retiring_in_use ON dealerships_outputtemplate;
DROP FUNCTION dealerships_refuse_retiring_in_use();
"""


def nullable_codes(model):
    return [
        migrations.AlterField(model, name, models.CharField(label, max_length=40, blank=True, null=True))
        for name, label in LABELS.items()
    ]


def keys(model, key_class, **options):
    common = {
        "blank": True,
        "null": True,
        "related_name": "+",
        "to": "dealerships.outputtemplate",
        "to_field": "code",
        "limit_choices_to": {"retired": False},
        "error_messages": {"invalid": "%(value)r is no output template that is offered; choose another."},
    }
    return [
        migrations.AlterField(model, name, key_class(verbose_name=label, **common, **options))
        for name, label in LABELS.items()
    ]


class Migration(migrations.Migration):
    dependencies = [("dealerships", "0004_take_over_output_templates")]

    operations = [
        *nullable_codes("dealership"),
        *nullable_codes("historicaldealership"),
        migrations.RunSQL(EMPTY_TO_NULL, NULL_TO_EMPTY),
        *keys("dealership", models.ForeignKey, on_delete=django.db.models.deletion.PROTECT),
        *keys(
            "historicaldealership",
            models.ForeignKey,
            on_delete=django.db.models.deletion.DO_NOTHING,
            db_constraint=False,
        ),
        migrations.RunSQL(RESTORE_IN_USE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="outputtemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_default", False), ("retired", False), _connector="OR"),
                name="default_output_template_not_retired",
            ),
        ),
        migrations.RunSQL(RULES, NO_RULES),
    ]
