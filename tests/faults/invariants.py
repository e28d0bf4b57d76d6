"""What must hold after every fault, whatever happened."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from jobs.claims import rows_of, state_is
from jobs.registry import all_works
from silverfox.system.integrity import find_violations


def assert_invariants() -> None:
    """Fails with every broken rule of the data, and with leases that ended long ago and were not taken back."""
    assert [violation.sentence for violation in find_violations(verify=True)] == []
    long_ago = Now() - timedelta(seconds=2 * settings.LEASE_SECONDS)
    stuck = [
        row
        for work in all_works()
        for row in rows_of(work).filter(state_is(work, work.running), lease_until__lt=long_ago)
    ]
    assert stuck == []
