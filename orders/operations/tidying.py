"""What interrupted work has left behind: reservations of VINs and folders of files that no record names."""

import time

from django.db.models import F, Func, TextField

from jobs.operations.background import keep_alive
from orders.domain.states import OPEN_STATES
from orders.files import attempt_folders, remove_attempt_folder
from orders.models import Artifact, OpenVin

_OLD_SECONDS = 24 * 3600


def free_vins_of_ended_orders() -> int:
    """Delete the reservations of orders that are done, cancelled or voided; gives their number."""
    return OpenVin.objects.exclude(order__state__in=OPEN_STATES).delete()[0]


def remove_old_attempts() -> int:
    """Delete the folders of attempts that are a day old and that no record names; gives their number."""
    old = attempt_folders(changed_before=time.time() - _OLD_SECONDS)
    folder_of_file = Func(
        F("path"), template="substring(%(expressions)s from '^[^/]+/[^/]+')", output_field=TextField()
    )
    named = set(Artifact.objects.annotate(folder=folder_of_file).values_list("folder", flat=True).distinct())
    unnamed = [folder for folder in old if folder not in named]
    for folder in unnamed:
        keep_alive()
        remove_attempt_folder(folder)
    return len(unnamed)
