import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerships.domain.output import BillingLayout, OrderKind, PathLayout, QrNaming
from foundation.errors import Refused
from orders.domain import file_names
from tests.orders.domain.content import BASE, make_content, make_line, make_settings
from tests.orders.domain.layouts import SHORTCUT, SHORTCUT_PACK


def test_the_folder_and_its_files_are_named_as_the_shop_names_them() -> None:
    content = make_content()
    assert file_names.order_folder(content) == "South_County_DCJR_CAO_20250819_101500"
    assert file_names.csv_name(content, SHORTCUT_PACK) == "SOCODCJR_SCP_8.19 - CSV.csv"
    assert file_names.billing_name(content) == "SOCODCJR_SCP_8.19 - BILLING2.csv"
    assert file_names.vehicles_name(content) == "South_County_DCJR_vehicles.csv"
    assert file_names.zip_name(content) == "South_County_DCJR_CAO_20250819_101500.zip"


@pytest.mark.parametrize(("kind", "word"), [(OrderKind.LIST, "LIST"), (OrderKind.MAINTENANCE, "MAINTENANCE")])
def test_the_folder_names_the_kind_of_order(kind: OrderKind, word: str) -> None:
    assert file_names.order_folder(make_content(kind=kind)) == f"South_County_DCJR_{word}_20250819_101500"


def test_dual_output_names_the_group_and_its_billing_both_templates() -> None:
    content = make_content(settings=make_settings(template_new="shortcut", template_used="shortcut_pack"))
    assert file_names.csv_name(content, SHORTCUT, "NEW") == "SOCODCJR_SC_NEW_8.19 - CSV.csv"
    assert file_names.csv_name(content, SHORTCUT_PACK, "USED") == "SOCODCJR_SCP_USED_8.19 - CSV.csv"
    assert file_names.billing_name(content) == "SOCODCJR_SC_SCP_8.19 - BILLING2.csv"


def test_the_printed_vehicles_layout_is_named_billing() -> None:
    content = make_content(settings=make_settings(billing_layout=BillingLayout.PRINTED_VEHICLES))
    assert file_names.billing_name(content) == "SOCODCJR_SCP_8.19 - BILLING.csv"


def test_without_a_short_code_the_files_bear_the_dealerships_name() -> None:
    content = make_content(settings=make_settings(short_code=""))
    assert file_names.csv_name(content, SHORTCUT_PACK) == "South_County_DCJR_SCP_8.19 - CSV.csv"


@given(code=st.text(), name=st.text())
def test_no_name_leaves_the_folder(code: str, name: str) -> None:
    content = make_content(settings=make_settings(short_code=code, file_name=name))
    made = [file_names.order_folder(content), file_names.vehicles_name(content), file_names.billing_name(content)]
    assert [part for part in made if "/" in part or "\\" in part or "\x00" in part or part.startswith(".")] == []


def test_images_are_named_by_vin_or_by_number() -> None:
    numbered = make_settings(file_name="Joe_Machens_Chrysler_Dodge_Jeep_Ram", qr_naming=QrNaming.NUMBERED)
    line = make_line(seq=2, vin="1C4RJHAG3P8900725")
    assert file_names.image_file(line, make_settings()) == "qr_codes/1C4RJHAG3P8900725.png"
    assert file_names.image_file(line, numbered) == "qr_codes/Joe_Machens_Chrysler_Dodge_Jeep_Ram_QR_Code_2.PNG"


@pytest.mark.parametrize("vin", ["", "A B", "../X", "A/B", "\u00c4BC", "A.B"])
def test_a_vin_that_cannot_name_an_image_is_refused(vin: str) -> None:
    with pytest.raises(Refused):
        file_names.image_name(make_line(vin=vin), make_settings())


def test_the_image_path_is_what_the_designers_computer_sees() -> None:
    line = make_line()
    per_order = make_settings(
        profile_base="/Volumes/orders/", profile_separator="/", profile_layout=PathLayout.PER_ORDER
    )
    share = make_settings(profile_base=r"\\server\orders")
    assert file_names.image_path(line, make_content(line)) == rf"{BASE}\ZACNJDB19NPN70500.png"
    assert file_names.image_path(line, make_content(line, settings=share)) == r"\\server\orders\ZACNJDB19NPN70500.png"
    assert file_names.image_path(line, make_content(line, settings=per_order)) == (
        "/Volumes/orders/South_County_DCJR_CAO_20250819_101500/qr_codes/ZACNJDB19NPN70500.png"
    )


@pytest.mark.parametrize(
    ("separator", "expected"), [("\\", r"qr_codes\ZACNJDB19NPN70500.png"), ("/", "qr_codes/ZACNJDB19NPN70500.png")]
)
@pytest.mark.parametrize("layout", PathLayout)
def test_without_a_base_images_are_named_relative_to_the_orders_folder(
    separator: str, expected: str, layout: PathLayout
) -> None:
    settings = make_settings(profile_base="", profile_separator=separator, profile_layout=layout)
    assert file_names.image_path(make_line(), make_content(settings=settings)) == expected


def test_an_order_without_a_path_profile_is_refused() -> None:
    with pytest.raises(Refused, match="The order has no path profile"):
        file_names.image_path(make_line(), make_content(settings=make_settings(profile_name="", profile_base="")))


@pytest.mark.parametrize("base", ["QRS", r"Users\Nick", "C:QRS", "C:\\B\u00fcro", "C:\\a\nb"])
def test_a_base_that_is_no_absolute_plain_path_is_refused(base: str) -> None:
    with pytest.raises(Refused):
        file_names.image_path(make_line(), make_content(settings=make_settings(profile_base=base)))


def test_a_windows_path_may_have_259_characters_and_not_260() -> None:
    image = r"\ZACNJDB19NPN70500.png"
    longest = "C:\\" + "a" * (259 - 3 - len(image))
    fitting = make_content(settings=make_settings(profile_base=longest))
    assert len(file_names.image_path(make_line(), fitting)) == 259
    with pytest.raises(Refused):
        file_names.image_path(make_line(), make_content(settings=make_settings(profile_base=longest + "a")))
