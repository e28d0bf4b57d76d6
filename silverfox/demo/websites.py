"""Websites that are on while the fake dealer web stands in the place of the internet, and off again behind it."""

from django.db import transaction
from django.utils import timezone

from foundation.errors import Refused
from scrapers.models import RobotsFile, Website

# It tells on the website's page why it is on, and here which ones are to be switched off again.
NOTE = "Switched on for the fake dealer web of this computer."


@transaction.atomic
def switch_on_for_fake_web() -> int:
    """Switch on every website that has no note, as if it had been probed; gives how many.

    Raises `Refused` when one is on to be read for work: it would be given what the fake dealer web tells.
    """
    websites = Website.objects.select_for_update(of=["self"]).select_related("dealership")
    if for_work := [website.dealership.name for website in websites if website.enabled]:
        words = f"Websites are switched on to be read for work: {', '.join(for_work)}. Switch them off first."
        raise Refused(words, code="websites_in_use")
    now = timezone.now()
    found = [website for website in websites if website.rooftop_confirmed and not website.permission_note]
    for website in found:
        website.enabled, website.permission_note = True, NOTE
        website.probed_at = website.enabled_at = now
        website.save()
    return len(found)


@transaction.atomic
def switch_off_behind_fake_web() -> int:
    """Switch off what was switched on for the fake dealer web, so that no real website is asked; gives how many."""
    found = list(Website.objects.select_for_update().filter(permission_note=NOTE))
    if found:
        RobotsFile.objects.all().delete()
    for website in found:
        website.enabled, website.permission_note = False, ""
        website.probed_at = website.enabled_at = None
        # Keys of the fake one are refused by the real one.
        website.learned = {}
        website.save()
    return len(found)
