"""Settings as a manager types them: what is stored, what is refused where, what the history keeps."""

from typing import Any

import pytest
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dealerships.domain.rewrites import Rewrite, RewriteField, RewriteKind
from dealerships.models import Dealership, DealershipAlias, OutputTemplate, PathProfile, TextRewrite
from tests.factories import ensure_output_templates, make_dealership
from tests.pages import sign_in, words
from tests.racing import while_uncommitted

pytestmark = pytest.mark.django_db
LIST = "/admin/dealerships/dealership/"
LISTS = [
    "approved_hosts", "required_brands", "excluded_makes", "excluded_keywords", "required_raw_statuses",
    "excluded_raw_statuses",
]  # fmt: skip

NO_REWRITES = {"rewrites-TOTAL_FORMS": 0, "rewrites-INITIAL_FORMS": 0}


@pytest.fixture
def manager() -> Client:
    return sign_in(role="manager")


def form_of(dealership: Dealership, **changes: Any) -> dict[str, Any]:
    """What the browser would send for this dealership, with some fields changed."""
    values = model_to_dict(dealership, exclude=["id", "loaded_values"])
    for name in LISTS:
        values[name] = "\n".join(values[name])
    values = {name: "" if value is None else value for name, value in values.items() if value is not False}
    aliases = list(dealership.aliases.all())
    values |= {"aliases-TOTAL_FORMS": len(aliases), "aliases-INITIAL_FORMS": len(aliases)}
    for number, alias in enumerate(aliases):
        values |= {f"aliases-{number}-id": alias.pk, f"aliases-{number}-dealership": dealership.pk}
        values[f"aliases-{number}-text"] = alias.text
    values |= NO_REWRITES
    return {name: value for name, value in (values | changes).items() if value is not None}


def save(client: Client, dealership: Dealership, **changes: Any) -> Any:
    answer = client.post(f"{LIST}{dealership.pk}/change/", form_of(dealership, **changes))
    dealership.refresh_from_db()
    return answer


def errors_of(answer: Any, field: str) -> list[str]:
    return list(answer.context["adminform"].form.errors.get(field, []))


# One dealership


def test_saving_one_setting_leaves_all_others_as_they_were(manager: Client) -> None:
    elm = make_dealership(
        excluded_keywords=["SOLD"], schedule_days=["mon", "thu"], seasoning_days=7, approved_hosts=["elm.example"]
    )
    before = model_to_dict(elm)
    assert save(manager, elm, price_required="on").status_code == 302
    assert model_to_dict(elm) == before | {"price_required": True}


def test_lists_are_typed_by_line_or_with_commas(manager: Client) -> None:
    elm = make_dealership()
    save(manager, elm, excluded_keywords=" SOLD ,PENDING\r\n\r\nsale  pending,SOLD", required_brands="")
    assert (elm.excluded_keywords, elm.required_brands) == (["SOLD", "PENDING", "sale pending"], [])


def test_conditions_and_days_are_checkboxes(manager: Client) -> None:
    elm = make_dealership(conditions=["new"], schedule_days=["mon"])
    page = manager.get(f"{LIST}{elm.pk}/change/").content.decode()
    assert page.count('type="checkbox" name="conditions"') == 3
    assert page.count('type="checkbox" name="schedule_days"') == 5
    save(manager, elm, conditions=["po", "cpo"], schedule_days=["tue", "fri"])
    assert (elm.conditions, elm.schedule_days) == (["po", "cpo"], ["tue", "fri"])


def test_no_condition_means_that_cao_is_not_set_up(manager: Client) -> None:
    elm = make_dealership()
    assert save(manager, elm, conditions=[]).status_code == 302
    assert (elm.conditions, elm.filter_rules()) == (None, None)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("price_max", {"price_min": "20000", "price_max": "10000"}),
        ("excluded_makes", {"required_brands": "Jeep", "excluded_makes": "Ram, jeep"}),
        ("excluded_raw_statuses", {"required_raw_statuses": "In Stock", "excluded_raw_statuses": "in  stock"}),
        ("conditions", {"conditions": ["new", "unknown"]}),
        ("excluded_keywords", {"excluded_keywords": "x" * 101}),
        ("seasoning_days", {"seasoning_days": "-1"}),
        ("short_code", {"short_code": "../x"}),
        ("name", {"name": "..."}),
        ("template_new", {"template_new": "flyer"}),
        ("template_used", {"template_used": "vdp_flyout"}),
    ],
)
def test_a_contradiction_stands_at_its_field_and_nothing_is_saved(
    field: str, changes: dict[str, Any], manager: Client
) -> None:
    OutputTemplate.objects.filter(code="vdp_flyout").update(retired=True)
    elm = make_dealership()
    before = model_to_dict(elm)
    answer = save(manager, elm, **changes)
    assert (answer.status_code, len(errors_of(answer, field))) == (200, 1)
    assert list(answer.context["adminform"].form.errors) == [field]
    assert model_to_dict(elm) == before


def test_the_history_keeps_what_changed_and_who_did_it(manager: Client) -> None:
    elm = make_dealership()
    save(manager, elm, price_required="on")
    record = elm.history.first()
    assert (record.history_user.username, record.price_required) == ("manager", True)
    page = words(manager.get(f"{LIST}{elm.pk}/history/"))
    assert "Changed manager Price required: False" in page
    assert 'style="' not in manager.get(f"{LIST}{elm.pk}/history/").content.decode()


def test_a_new_dealership_needs_a_name_only(manager: Client) -> None:
    chosen = {"default_order_kind": "cao", "billing_layout": "billing2", "seasoning_days": 0, "price_markup": 0}
    names = {"name": "Serra Honda O'Fallon", "utm_source": "SilverFox", "utm_medium": "VDP_ShortCut"}
    no_aliases = {"aliases-TOTAL_FORMS": 0, "aliases-INITIAL_FORMS": 0}
    answer = manager.post(f"{LIST}add/", chosen | names | no_aliases | NO_REWRITES)
    assert answer.status_code == 302
    made = Dealership.objects.get()
    assert (made.short_code, made.file_name) == ("SERRA_HONDA_OFALLON", "Serra_Honda_OFallon")
    assert [alias.text for alias in made.aliases.all()] == ["Serra Honda O'Fallon"]


# Output templates


def test_every_output_template_that_is_not_retired_can_be_chosen_one_or_many_and_the_history_names_it(
    manager: Client,
) -> None:
    poster = OutputTemplate.objects.create(code="poster", name="Poster", abbreviation="PST")
    OutputTemplate.objects.filter(code="flyout").update(retired=True)
    elm = make_dealership()
    page = manager.get(f"{LIST}{elm.pk}/change/").content.decode()
    asked = bulk(manager, "change_output_template", [elm]).content.decode()
    for text, chosen in ((page, " selected"), (asked, "")):
        offers = ['value="poster">Poster<', f'value="shortcut_pack"{chosen}>Shortcut Pack<', 'value="flyout"']
        assert [text.count(offer) for offer in offers] == [2, 2, 0]
    assert save(manager, elm, template_new="poster", template_used="").status_code == 302
    assert (elm.template_new, elm.template_used) == (poster, None)
    assert "for new: Shortcut Pack Poster" in words(manager.get(f"{LIST}{elm.pk}/history/")).replace("\u2192 ", "")


@pytest.mark.parametrize("count", [1, 4])
def test_the_list_names_output_templates_with_as_many_queries_for_many_dealerships(
    count: int, manager: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        make_dealership(name=f"Elm {number}", template_new="shortcut", template_used="flyout")
    manager.get(LIST)
    with django_assert_num_queries(11):
        page = words(manager.get(LIST))
    assert page.count("Shortcut / Flyout") == count


# Aliases


def test_aliases_are_added_beside_the_settings(manager: Client) -> None:
    elm = make_dealership()
    assert save(manager, elm, **{"aliases-TOTAL_FORMS": 2, "aliases-1-text": "ELM ST."}).status_code == 302
    assert {alias.folded for alias in elm.aliases.all()} == {"elm street motors", "elm st"}


@pytest.mark.parametrize("text", ["OAK HILL CARS", "Oak-Hill, cars"])
def test_an_alias_of_another_dealership_is_refused(text: str, manager: Client) -> None:
    elm = make_dealership()
    make_dealership(name="Oak Hill Cars")
    answer = save(manager, elm, **{"aliases-TOTAL_FORMS": 2, "aliases-1-text": text})
    assert "This name already belongs to Oak Hill Cars." in words(answer)


@pytest.mark.parametrize(
    ("forms", "sentence"),
    [
        ({"aliases-1-text": "Elm One", "aliases-2-text": "ELM ONE."}, "ELM ONE. stands here twice."),
        ({"aliases-1-text": "...", "aliases-2-text": ""}, "A name needs at least one letter or digit."),
        ({"aliases-0-DELETE": "on"}, "A dealership always answers to its own name"),
    ],
)
def test_aliases_that_cannot_be_are_refused(forms: dict[str, str], sentence: str, manager: Client) -> None:
    elm = make_dealership()
    answer = save(manager, elm, **{"aliases-TOTAL_FORMS": 3, **forms})
    assert (answer.status_code, sentence in words(answer)) == (200, True)
    assert DealershipAlias.objects.count() == 1


# Text rewrites

MOVED = {
    "rewrites-TOTAL_FORMS": 1,
    "rewrites-0-position": 1,
    "rewrites-0-kind": "move",
    "rewrites-0-field": "trim",
    "rewrites-0-texts": "L",
    "rewrites-0-model_contains": "Wagoneer\r\nGrand Cherokee",
}


def test_text_rewrites_are_edited_beside_the_settings_and_their_history_is_kept(manager: Client) -> None:
    elm = make_dealership()
    assert save(manager, elm, **MOVED).status_code == 302
    rewrite = elm.rewrites.get()
    assert rewrite.rule() == Rewrite(
        kind=RewriteKind.MOVE,
        field=RewriteField.TRIM,
        texts=("L",),
        model_contains=("Wagoneer", "Grand Cherokee"),
    )
    changes = {
        "rewrites-INITIAL_FORMS": 1, "rewrites-0-id": rewrite.pk, "rewrites-0-dealership": elm.pk,
        "rewrites-0-texts": "XL",
    }  # fmt: skip
    assert save(manager, elm, **MOVED | changes).status_code == 302
    assert [(past.texts, past.history_user.username) for past in TextRewrite.history.all()] == [
        (["XL"], "manager"),
        (["L"], "manager"),
    ]
    assert save(manager, elm, **MOVED | changes | {"rewrites-0-DELETE": "on"}).status_code == 302
    assert elm.rewrites.count() == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rewrites-0-texts": " , "}, "Type at least one text to look for."),
        ({"rewrites-0-field": "model"}, "Words move from the trim to the model. Choose the trim."),
        ({"rewrites-0-replacement": "XL"}, "This kind takes no new text."),
        ({"rewrites-0-kind": ""}, "This field is required."),
        ({"rewrites-0-kind": "shout"}, "Select a valid choice."),
        ({"rewrites-0-field": ""}, "This field is required."),
    ],
)
def test_a_rewrite_without_sense_is_refused_at_its_field(
    changes: dict[str, str], sentence: str, manager: Client
) -> None:
    elm = make_dealership()
    answer = save(manager, elm, **MOVED | changes)
    assert (answer.status_code, words(answer).count(sentence)) == (200, 1)
    assert elm.rewrites.count() == 0


def test_the_settings_lead_to_the_vehicles_that_the_rewrites_change(manager: Client) -> None:
    elm = make_dealership()
    page = manager.get(f"{LIST}{elm.pk}/change/").content.decode()
    assert page.count(f'<a href="/dealerships/{elm.pk}/rewrites/">Vehicles before and after</a>') == 1


# Finding


def test_dealerships_are_found_by_any_of_their_names(manager: Client) -> None:
    elm = make_dealership()
    make_dealership(name="Oak Hill Cars")
    DealershipAlias.objects.create(dealership=elm, text="SOCODCJR")
    page = words(manager.get(LIST, {"q": "socodc"}))
    assert ["Elm Street Motors" in page, "Oak Hill Cars" in page] == [True, False]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"day": "thu"}, ["Elm"]),
        ({"day": "none"}, ["Oak"]),
        ({"cao": "0"}, ["Oak"]),
        ({"cao": "1"}, ["Elm"]),
        ({"active__exact": "0"}, []),
        ({"template_new__code__exact": "flyout"}, ["Oak"]),
        ({"template_used__isnull": "True"}, ["Oak"]),
    ],
)
def test_dealerships_are_filtered(query: dict[str, str], found: list[str], manager: Client) -> None:
    make_dealership(name="Elm", schedule_days=["mon", "thu"])
    make_dealership(name="Oak", conditions=None, template_new="flyout", template_used="")
    answer = manager.get(LIST, query)
    assert [dealership.name for dealership in answer.context["cl"].result_list] == found


# Many at once


def bulk(client: Client, action: str, dealerships: list[Dealership], **fields: Any) -> Any:
    chosen = {"action": action, "_selected_action": [dealership.pk for dealership in dealerships]}
    return client.post(LIST, chosen | fields)


@pytest.fixture
def two() -> list[Dealership]:
    return [make_dealership(name="Elm"), make_dealership(name="Oak")]


@pytest.mark.parametrize(
    ("action", "fields", "expected"),
    [
        ("change_active", {"active": "0"}, {"active": False}),
        ("change_schedule", {"schedule_days": ["tue", "fri"]}, {"schedule_days": ["tue", "fri"]}),
        ("change_schedule", {}, {"schedule_days": []}),
        (
            "change_output_template",
            {"template_used": "flyout"},
            {"template_used_id": "flyout", "template_new_id": "shortcut_pack"},
        ),
        ("change_price_required", {"price_required": "1"}, {"price_required": True}),
    ],
)
def test_many_are_changed_after_one_question_and_each_history_keeps_it(
    action: str, fields: dict[str, Any], expected: dict[str, Any], manager: Client, two: list[Dealership]
) -> None:
    Dealership.objects.update(schedule_days=["mon"])
    asked = bulk(manager, action, two)
    assert asked.status_code == 200
    assert ["Elm" in words(asked), "Oak" in words(asked), "Change 2 dealerships" in asked.content.decode()] == [
        True
    ] * 3
    assert (
        Dealership.objects.filter(schedule_days=["mon"], active=True, template_used__code="shortcut_pack").count() == 2
    )
    answer = bulk(manager, action, two, apply="1", **fields)
    assert answer.status_code == 302
    for dealership in two:
        dealership.refresh_from_db()
        assert {name: getattr(dealership, name) for name in expected} == expected
        assert (dealership.history.count(), dealership.history.first().history_user.username) == (2, "manager")


def test_a_question_without_an_answer_is_asked_again(manager: Client, two: list[Dealership]) -> None:
    for action in ("change_active", "change_output_template", "change_price_required"):
        assert bulk(manager, action, two, apply="1").status_code == 422
    assert [dealership.history.count() for dealership in two] == [1, 1]


def test_what_has_the_value_already_gets_no_history(manager: Client, two: list[Dealership]) -> None:
    _, oak = two
    Dealership.objects.filter(pk=oak.pk).update(price_required=True)
    answer = bulk(manager, "change_price_required", two, apply="1", price_required="1")
    assert "1 dealerships changed. 1 had it already." in words(manager.get(answer["Location"]))
    assert [dealership.history.count() for dealership in two] == [2, 1]


# Path profiles


def test_a_path_profile_in_use_cannot_be_deleted(manager: Client) -> None:
    make_dealership()
    profile = PathProfile.objects.get()
    assert manager.post(reverse("admin:dealerships_pathprofile_delete", args=[profile.pk])).status_code == 403


PROFILE = {"name": "Anna", "separator": "/", "layout": "flat", "qr_naming": "vin"}


@pytest.mark.parametrize(
    ("base", "separator", "errors"),
    [
        ("/Volumes/orders", "/", []),
        ("", "/", []),
        (r"\\server\orders", "\\", []),
        ("orders", "/", ["base"]),
        (r"C:\QRS", "/", ["base"]),
        ("/Volumes/orders", "\\", ["base"]),
    ],
)
def test_a_base_that_is_no_folder_stands_at_its_field(
    base: str, separator: str, errors: list[str], manager: Client
) -> None:
    values = PROFILE | {"base": base, "separator": separator}
    answer = manager.post(reverse("admin:dealerships_pathprofile_add"), values)
    saved = list(PathProfile.objects.values_list("base", flat=True))
    assert (list(answer.context["adminform"].form.errors) if answer.context else []) == errors
    assert saved == ([] if errors else [base])


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_an_output_template_that_is_retired_in_the_moment_of_saving_is_told_and_everything_typed_stays() -> None:
    ensure_output_templates()
    manager, elm = sign_in(role="manager"), make_dealership()
    flyout, pages = OutputTemplate.objects.get(code="flyout"), []
    while_uncommitted(
        lambda: OutputTemplate.objects.filter(pk=flyout.pk).update(retired=True),
        lambda: pages.append(save(manager, elm, template_new="flyout", notes="call first")),
    )
    assert (pages[0].status_code, "not one of the available choices" in words(pages[0])) == (200, True)
    assert "call first" in pages[0].content.decode()
    assert (elm.template_new_id, elm.notes) == ("shortcut_pack", "")
