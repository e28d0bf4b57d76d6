"""Where managers configure websites: what can be typed, what is refused, and what a change means."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scrapers.models import Website
from scrapers.operations.websites import due_websites
from silverfox.audit_trail import Question, read_trail
from tests.factories import make_dealership
from tests.pages import sign_in, words
from tests.scrapers.kept_runs import make_run, make_website

pytestmark = pytest.mark.django_db
ADD = reverse("admin:scrapers_website_add")


@pytest.fixture
def manager() -> Client:
    return sign_in(role="manager")


def typed(**fields: Any) -> dict[str, Any]:
    """What the form holds for a website that is off."""
    return {
        "base_url": "https://www.elm-street-motors.example",
        "platform": "dealeron",
        "scrape_at": "05:30",
        "rooftop_match": "any",
        "parameters": "{}",
        "scope": "{}",
        "pace_seconds": "1.5",
        "most_megabytes": "200",
        **fields,
    }


def change(client: Client, website: Website, **fields: Any) -> Any:
    address = reverse("admin:scrapers_website_change", args=[website.pk])
    answer = client.post(address, typed(**fields))
    website.refresh_from_db()
    return answer


def test_a_manager_adds_a_website_that_is_off_until_it_was_probed(manager: Client) -> None:
    dealership = make_dealership(approved_hosts=["elm-street-motors.example"])
    whole = {"dealership": dealership.pk, "parameters": '{"store": "vhcliaa"}', "extra_hosts": "a.example\nb.example"}
    refused = manager.post(ADD, typed(enabled="on", rooftop_confirmed="on", **whole))
    assert (refused.status_code, "Probe the website and confirm its rooftop rule first" in words(refused)) == (
        200,
        True,
    )
    assert manager.post(ADD, typed(**whole)).status_code == 302
    website = Website.objects.get()
    assert (website.parameters, website.scope, website.extra_hosts) == (
        {"store": "vhcliaa"},
        {},
        ["a.example", "b.example"],
    )
    assert (website.enabled, website.enabled_at, website.probed_at) == (False, None, None)
    [event] = read_trail(question=Question(object_type="website"))
    assert (event.action, event.actor, event.object_name) == ("website.created", "manager", "Elm Street Motors")


@pytest.mark.parametrize(
    ("fields", "words_of_it"),
    [
        ({"parameters": "[1]"}, "Write one JSON object"),
        ({"parameters": '{"a": 1}'}, "'a' holds 1; every value is a text in quotes."),
        ({"parameters": '{"a": {"b": "c"}}'}, "every value is a text in quotes."),
        ({"parameters": '{"a": null}'}, "every value is a text in quotes."),
        ({"scope": '{"": "x"}'}, "every value is a text in quotes."),
        ({"scope": "{a: b}"}, "Enter a valid JSON."),
        ({"scope": '{"a": "' + "x" * 2001 + '"}'}, "2,000 are allowed"),
        ({"scope": '{"a": "\\u0000"}'}, "a character that cannot be stored"),
        ({"parameters": "{" + ",".join(f'"{n}": ""' for n in range(51)) + "}"}, "50 are allowed"),
        ({"platform": "wordpress"}, "wordpress is not one of the available choices"),
        ({"base_url": "http://www.elm-street-motors.example"}, "Write the address without a path"),
        ({"base_url": "https://www.elm-street-motors.example/new"}, "Write the address without a path"),
        ({"base_url": "https://x@www.elm-street-motors.example"}, "Write the address without a path"),
        ({"base_url": "https://www.elm-street-motors.example:8443"}, "Write the address without a path"),
        ({"base_url": "https://www.evil.example"}, "evil.example is no approved host of Elm Street Motors."),
        ({"base_url": "https://127.0.0.1"}, "127.0.0.1 is no approved host of Elm Street Motors."),
        ({"rooftop_match": "equals"}, "Say which label the dealership's own vehicles carry."),
        ({"pace_seconds": "0.5"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(manager: Client, fields: dict[str, Any], words_of_it: str) -> None:
    website = make_website(enabled=False)
    answer = change(manager, website, **fields)
    assert (answer.status_code, words_of_it in words(answer)) == (200, True)
    assert (website.base_url, website.parameters) == ("https://www.elm-street-motors.example", {})


def test_switching_on_begins_the_schedule_at_the_next_time_of_day(manager: Client) -> None:
    website = make_website(enabled=False, enabled_at=None)
    assert change(manager, website, enabled="on", rooftop_confirmed="on").status_code == 302
    assert (website.enabled, website.enabled_at is not None) == (True, True)
    assert due_websites(now=timezone.now()) == []
    since = website.enabled_at
    change(manager, website, enabled="on", rooftop_confirmed="on", pace_seconds="2")
    assert website.enabled_at == since
    change(manager, website, rooftop_confirmed="on")
    assert (website.enabled, website.enabled_at) == (False, None)


def test_another_platform_or_address_is_probed_again_and_forgets_what_was_learned(manager: Client) -> None:
    website = make_website(learned={"index": "old"})
    on = {"enabled": "on", "rooftop_confirmed": "on", "platform": "carscommerce"}
    refused = change(manager, website, **on)
    assert "it has to be probed again" in words(refused)
    assert (website.platform, website.learned) == ("dealeron", {"index": "old"})
    assert change(manager, website, platform="carscommerce", rooftop_confirmed="on").status_code == 302
    assert (website.platform, website.learned, website.probed_at) == ("carscommerce", {}, None)


def test_a_website_stays_with_its_dealership_and_is_never_deleted(manager: Client) -> None:
    website, oak = make_website(), make_dealership(name="Oak Hill Cars")
    change(manager, website, dealership=oak.pk, rooftop_confirmed="on")
    assert website.dealership.name == "Elm Street Motors"
    delete = reverse("admin:scrapers_website_delete", args=[website.pk])
    assert manager.post(delete, {"post": "yes"}).status_code == 403
    page = manager.get(reverse("admin:scrapers_website_changelist")).content.decode()
    assert "delete_selected" not in page


def test_what_runs_learned_is_shown_without_keys_and_cannot_be_typed(manager: Client) -> None:
    website = make_website(learned={"api_key": "s3cr3t", "index": "elm_production"})
    make_run(website)
    page = manager.get(reverse("admin:scrapers_website_change", args=[website.pk]))
    assert "index = elm_production" in words(page)
    assert "s3cr3t" not in page.content.decode()
    change(manager, website, rooftop_confirmed="on", learned="{}", probed_at="2020-01-01")
    assert website.learned == {"api_key": "s3cr3t", "index": "elm_production"}
    assert website.probed_at
    assert website.probed_at.year > 2020


def test_every_change_stays_in_the_history_with_who_and_what(manager: Client) -> None:
    website = make_website(enabled=False)
    change(manager, website, pace_seconds="3.0", rooftop_confirmed="on")
    event = read_trail(question=Question(object_type="website"))[0]
    assert (event.action, event.actor, event.object_name) == ("website.changed", "manager", "Elm Street Motors")
    assert ("pace_seconds", "1.5", "3.0") in [(name, str(a), str(b)) for name, a, b in event.changes]
    history = manager.get(reverse("admin:scrapers_website_history", args=[website.pk]))
    assert (history.status_code, "manager" in words(history)) == (200, True)
