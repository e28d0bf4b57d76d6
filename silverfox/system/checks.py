"""All checks in one list: the machine, the database, the work, the shop, and whether the data is whole."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from silverfox.db_embedded import DatabaseUnavailable
from silverfox.system.background import background_checks
from silverfox.system.business import business_checks
from silverfox.system.integrity import MOST_PER_RULE, Rule, rules, violations_of
from silverfox.system.resources import disk_check, resource_checks, settings_check
from silverfox.system.verdicts import MOST_NAMED, Check, Verdict, fine, judged
from silverfox.system.websites import website_checks


def run_checks(*, verify: bool = False) -> list[Check]:
    """Every check with its verdict; `verify` also reads every released file and compares its SHA-256.

    Without its database, or with one of another version, only what can be told without it is given. Nothing is raised
    for a database that is down.
    """
    return list(_checks(verify=verify))


def _checks(*, verify: bool) -> Iterator[Check]:
    yield settings_check()
    yield disk_check()
    now, database = _database()
    yield database
    if now is None:
        return
    migrations = _migrations()
    yield migrations
    if migrations.verdict == Verdict.PERSON:
        return
    yield from background_checks(now)
    yield from business_checks(now)
    yield from website_checks()
    yield from resource_checks()
    for rule in rules(verify=verify):
        yield check_of(rule)


def _database() -> tuple[datetime | None, Check]:
    """The database's own time, by which everything else is judged, and the check; no time when it does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp(), current_setting('server_version')")
            now, version = cursor.fetchone()
    except (OperationalError, InterfaceError, DatabaseUnavailable) as error:
        reason = str(error).partition("\n")[0]
        server = "manage.py db status" if settings.EMBEDDED_DATABASE else "the server that DATABASE_URL names"
        return None, judged("database", reason, person=True, remedy=f"See {server}. Nothing else can be checked.")
    return now, fine("database", f"PostgreSQL {version.partition(' ')[0]} answers")


def missing_migrations() -> list[str]:
    """The migrations of this version that the database has not had."""
    executor = MigrationExecutor(connection)
    return [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def _migrations() -> Check:
    missing = missing_migrations()
    value = f"{len(missing)} missing" if missing else "all applied"
    remedy = "Run manage.py migrate. Nothing else can be checked before."
    return judged("migrations", value, person=bool(missing), remedy=remedy, details=missing[:MOST_NAMED])


def check_of(rule: Rule) -> Check:
    """A rule of the data as a check: a place where it is broken needs a person, unless it is mended by itself."""
    broken = [violation.sentence for violation in violations_of(rule)]
    count = f"{MOST_PER_RULE} or more" if len(broken) == MOST_PER_RULE else str(len(broken))
    value = f"broken in {count} place{'' if len(broken) == 1 else 's'}" if broken else "holds"
    return judged(
        rule.name,
        value,
        person=bool(broken) and not rule.mends_itself,
        warning=bool(broken),
        remedy=rule.remedy,
        details=broken[:MOST_NAMED],
    )
