"""What every file that people take home has in common: who may, how often, and that it is recorded."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import cache_control

from foundation.auditing import record
from foundation.rate_limits import rate_limited
from foundation.roles import AuthenticatedRequest, staff_required

P = ParamSpec("P")
_View = Callable[Concatenate[AuthenticatedRequest, P], HttpResponseBase]

DOWNLOADS_PER_MINUTE = 30


def download(view: _View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let staff and managers take the file, 30 a minute each; the browser keeps none, the audit trail tells of all."""

    @wraps(view)
    def recorded(request: AuthenticatedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        if answer.status_code == 200 and request.method == "GET":
            record(
                "file.downloaded",
                object_type="file",
                object_name=_file_name(answer) or request.path,
                actor=request.user,
                detail=request.get_full_path(),
            )
        return answer

    limited = rate_limited("download", limit=DOWNLOADS_PER_MINUTE, per=timedelta(minutes=1), counts=_is_get)
    return staff_required(cache_control(no_store=True, private=True)(limited(recorded)))


def _is_get(request: HttpRequest) -> bool:
    return request.method == "GET"


def _file_name(answer: HttpResponseBase) -> str:
    _, found, name = answer.get("Content-Disposition", "").partition("filename=")
    return name.strip('"') if found else ""
