"""Whether an error says that the database could not be reached, or was lost in the middle of a statement."""

from django.db import DatabaseError, InterfaceError, OperationalError


def is_connection_lost(error: BaseException | None) -> bool:
    """Whether the database, and not the statement, is what failed.

    A server that goes away while a statement runs raises a plain `DatabaseError`: the library has no code for it,
    because no server was left to send one.
    """
    if isinstance(error, OperationalError | InterfaceError):
        return True
    cause = getattr(error, "__cause__", None)
    return type(error) is DatabaseError and cause is not None and getattr(cause, "pgcode", None) is None
