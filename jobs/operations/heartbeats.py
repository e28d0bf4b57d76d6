"""Proof of life: what a worker answers to a beat."""

import os
import socket

from django.conf import settings
from django.db.models.functions import Now

from jobs.claims import incarnation_id
from jobs.models import WorkerHeartbeat


def answer_beat(sent_by: int) -> None:
    """Note, in a worker, that the way from the supervisor through the queue works.

    A beat that an older incarnation sent counts for the one that answers it.
    """
    values = {"at": Now(), "host": socket.gethostname(), "pid": os.getpid(), "version": settings.VERSION}
    WorkerHeartbeat.objects.update_or_create(incarnation_id=incarnation_id() or sent_by, defaults=values)
