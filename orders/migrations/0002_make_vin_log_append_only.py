from django.db import migrations

# Voiding sets the three void columns once; every other change of an entry is an error, whoever tries it.
TRIGGER = """
CREATE FUNCTION orders_vinlogentry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL
       AND to_jsonb(OLD) - ARRAY['voided_at', 'voided_by_id', 'void_reason']
         = to_jsonb(NEW) - ARRAY['voided_at', 'voided_by_id', 'void_reason'] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The VIN log is append-only: void the entry with a reason instead.';
END $$;
CREATE TRIGGER orders_vinlogentry_append_only BEFORE UPDATE OR DELETE ON orders_vinlogentry
    FOR EACH ROW EXECUTE FUNCTION orders_vinlogentry_append_only();
"""
UNDO = """
DROP TRIGGER orders_vinlogentry_append_only ON orders_vinlogentry;
DROP FUNCTION orders_vinlogentry_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunSQL(TRIGGER, UNDO)]
