import pytest

from scrapers.domain.adapters import ADAPTERS, detect_platform
from scrapers.domain.shapes import Detection

JSON_LD = '<script type="application/ld+json">{"@type": "Car", "vin": "1FMCU9MN5RUA00011"}</script>'


def test_every_platform_is_registered_under_its_own_key() -> None:
    assert set(ADAPTERS) == {
        "carscommerce",
        "algolia_legacy",
        "dealercom",
        "dealeron",
        "dealeron_html",
        "teamvelocity",
        "dealereprocess",
        "smartpath",
        "dealr",
        "jsonld",
    }
    assert all(key == adapter.PLATFORM for key, adapter in ADAPTERS.items())


def test_the_most_certain_platform_comes_first() -> None:
    html = f'<div class="veh_pricing_container"></div><a class="vehicle_item__vehicle_link"></a>{JSON_LD}'
    assert [detection.platform for detection in detect_platform(html)] == ["dealereprocess", "jsonld"]
    assert detect_platform(JSON_LD) == [Detection(platform="jsonld", confidence=10)]


def test_a_page_without_marks_is_of_no_known_platform() -> None:
    assert detect_platform("<html><body>Welcome to our shop</body></html>") == []


@pytest.mark.parametrize("key", ADAPTERS)
@pytest.mark.parametrize("html", ["", "\0", "<", "plain words", "<?xml version='1.0'?><a/>", "<script>{</script>" * 3])
def test_no_page_disturbs_the_detection(key: str, html: str) -> None:
    assert ADAPTERS[key].detect(html) is None
    assert ADAPTERS[key].kind_of(html)
