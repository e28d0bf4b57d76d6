"""What must be true of the settings before background work can be relied on."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def check_intervals(**_: Any) -> list[CheckMessage]:
    """The queue must not hand out a job again that may still run, and a lease must outlast its renewals' delays."""
    found: list[CheckMessage] = []
    margin = 60 / settings.JOBS_TIME_SCALE
    queue: dict[str, Any] = settings.Q_CLUSTER
    if queue["retry"] <= queue["timeout"] + margin:
        found.append(
            Error(
                f"JOB_RETRY_SECONDS gives {queue['retry']} seconds, JOB_TIMEOUT_SECONDS {queue['timeout']}: the queue "
                "would hand out jobs that still run.",
                hint=f"Set JOB_RETRY_SECONDS more than {margin:.0f} seconds above JOB_TIMEOUT_SECONDS.",
                id="jobs.E001",
            )
        )
    if settings.WEDGE_SECONDS < 3 * settings.BEAT_SECONDS:
        found.append(
            Error(
                "WEDGE_SECONDS is less than three times BEAT_SECONDS: a healthy worker would be restarted.",
                hint="Set WEDGE_SECONDS to at least three times BEAT_SECONDS.",
                id="jobs.E002",
            )
        )
    return found
