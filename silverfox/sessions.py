"""How long a sign-in lasts: twelve hours at most, and two hours without a request. The database row alone decides."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import DatabaseError
from django.utils import timezone

logger = logging.getLogger(__name__)
SIGNED_IN_AT = "signed_in_at"
# A request moves the end only when the last move is this long ago, so that hardly any request writes.
RENEWED_EVERY = timedelta(minutes=1)


class SessionStore(DatabaseSessionStore):
    """Django's sessions in the database, whose rows end two hours after the last request.

    An ended row is as good as none to Django; `clearsessions` and the nightly retention delete it.
    """

    def load(self) -> dict[str, Any]:
        row = self._get_session_from_db()  # type: ignore[attr-defined]  # the stubs leave it out
        if row is None:
            return {}
        data: dict[str, Any] = self.decode(row.session_data)
        self._renew(row, data)
        return data

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.expire_date = _end(data, timezone.now())
        return row

    def _renew(self, row: AbstractBaseSession, data: Mapping[str, Any]) -> None:
        """One column only: what a request at the same time keeps in the session stays."""
        end = _end(data, timezone.now())
        # A session from before this rule has no beginning and keeps the end that it was given.
        if SIGNED_IN_AT not in data or end - row.expire_date < RENEWED_EVERY:
            return
        try:
            self.model.objects.filter(pk=row.pk).update(expire_date=end)
        except DatabaseError:
            # A page that only reads is no page to refuse because nothing can be written.
            logger.warning("session not renewed", exc_info=True)


def _end(data: Mapping[str, Any], now: datetime) -> datetime:
    begun = datetime.fromtimestamp(data[SIGNED_IN_AT], UTC) if SIGNED_IN_AT in data else now
    longest = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return min(now + timedelta(seconds=settings.SESSION_IDLE_SECONDS), begun + longest)
