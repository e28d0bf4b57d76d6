"""Tables whose rows are never changed and never deleted, whoever tries it: a step for migrations."""

from django.db.migrations.operations import RunSQL


def append_only(table: str) -> RunSQL:
    """Have the database refuse every UPDATE and DELETE on `table`; the function is the foundation's first migration."""
    trigger = f"{table}_append_only"
    return RunSQL(
        f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION foundation_append_only();",
        f"DROP TRIGGER {trigger} ON {table};",
    )
