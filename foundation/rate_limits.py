"""How often somebody may do something: token buckets in the database, so that all processes count together."""

import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from foundation.models import TokenBucket
from foundation.roles import AuthenticatedRequest

P = ParamSpec("P")
_View = Callable[Concatenate[AuthenticatedRequest, P], HttpResponseBase]

# One statement takes a token or takes none, however many processes ask at once.
_TAKE = """
    INSERT INTO foundation_tokenbucket AS bucket (action, key, tokens, filled_at)
    VALUES (%(action)s, %(key)s, %(limit)s - 1.0, now())
    ON CONFLICT (action, key) DO UPDATE SET filled_at = now(), tokens = -1 + LEAST(
        %(limit)s, bucket.tokens + extract(epoch FROM now() - bucket.filled_at) * %(limit)s / %(seconds)s)
    WHERE LEAST(
        %(limit)s, bucket.tokens + extract(epoch FROM now() - bucket.filled_at) * %(limit)s / %(seconds)s) >= 1
    RETURNING tokens
"""


def take_token(*, action: str, key: str, limit: int, per: timedelta) -> int:
    """Take one token of `limit` that come back evenly within `per`; gives 0, or the seconds until there is one."""
    values: dict[str, str | float] = {
        "action": action,
        "key": key,
        "limit": float(limit),
        "seconds": per.total_seconds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        if cursor.fetchone():
            return 0
    bucket = TokenBucket.objects.get(action=action, key=key)
    waited = (timezone.now() - bucket.filled_at).total_seconds()
    return max(1, math.ceil((1 - bucket.tokens) * per.total_seconds() / limit - waited))


def give_token_back(*, action: str, key: str) -> None:
    """Undo a `take_token`: what it was taken for shall not count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE foundation_tokenbucket SET tokens = tokens + 1 WHERE action = %s AND key = %s", [action, key]
        )


def is_post(request: HttpRequest) -> bool:
    return request.method == "POST"


def rate_limited(
    action: str, *, limit: int, per: timedelta, counts: Callable[[HttpRequest], bool] = is_post, each_user: bool = True
) -> Callable[[_View[P]], _View[P]]:
    """Let the view answer `limit` requests within `per`, counted for each user or for everybody together.

    `counts` says which requests do. Others get the page that says so, htmx a sentence, both with 429 and Retry-After.
    To be put below the decorator that asks for the role, so that only those count who may.
    """

    def decorate(view: _View[P]) -> _View[P]:
        @wraps(view)
        def limited(request: AuthenticatedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if counts(request):
                key = str(request.user.pk) if each_user else ""
                if wait := take_token(action=action, key=key, limit=limit, per=per):
                    return too_many(request, f"This may be done {limit} times {in_words(per)}.", seconds=wait)
            return view(request, *args, **kwargs)

        return limited

    return decorate


def too_many(request: HttpRequest, rule: str, *, seconds: int) -> HttpResponse:
    """The answer 429: the rule that was met, and when to try again."""
    wait = f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    message = f"{rule} Try again in {wait}; nothing was done."
    if request.headers.get("HX-Request") == "true":
        answer = HttpResponse(message, status=429, content_type="text/plain")
    else:
        answer = render(request, "429.html", {"message": message}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def in_words(per: timedelta) -> str:
    """The length of time as it stands in the rule: `within a minute`, `within an hour`."""
    return {timedelta(minutes=1): "within a minute", timedelta(hours=1): "within an hour"}.get(per, f"within {per}")


UPLOADS_PER_HOUR = 10


def uploads_limited(view: _View[P]) -> _View[P]:
    """Let each user send 10 files an hour through all pages that take files together."""
    return rate_limited("upload", limit=UPLOADS_PER_HOUR, per=timedelta(hours=1), counts=_brings_a_file)(view)


def _brings_a_file(request: HttpRequest) -> bool:
    return is_post(request) and request.content_type == "multipart/form-data"
