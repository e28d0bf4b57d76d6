"""What an error says of the database: it could not be reached, was lost in mid-statement, or is not ready for work."""

from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError

# What PostgreSQL says about a table and a column that are not there.
_NOT_MIGRATED = {"42P01", "42703"}
_READ_ONLY = "25006"


def is_connection_lost(error: BaseException | None) -> bool:
    """Whether the database, and not the statement, is what failed.

    A server that goes away while a statement runs raises a plain `DatabaseError`: the library has no code for it,
    because no server was left to send one.
    """
    if isinstance(error, OperationalError | InterfaceError):
        return True
    cause = getattr(error, "__cause__", None)
    return type(error) is DatabaseError and cause is not None and getattr(cause, "pgcode", None) is None


def is_read_only(error: BaseException | None) -> bool:
    """Whether the database refused to write because it takes no writes at the moment."""
    return getattr(getattr(error, "__cause__", None), "pgcode", None) == _READ_ONLY


def is_not_migrated(error: BaseException) -> bool:
    """Whether the database lacks a table or a column that this version works with."""
    return isinstance(error, ProgrammingError) and getattr(error.__cause__, "pgcode", None) in _NOT_MIGRATED
