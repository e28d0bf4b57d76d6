import pytest

from scrapers.domain.completeness import Completeness, ListPage, judge_completeness


def page(
    rows: int = 12, total: int | None = None, *, of: str = "all", size: int | None = None, gone: int = 0
) -> ListPage:
    return ListPage(list_name=of, rows=rows, total_declared=total, page_size=size, gone=gone)


def judge(*pages: ListPage, vehicles: int) -> tuple[int | None, bool, bool]:
    found = judge_completeness(pages, vehicles=vehicles)
    return found.declared, found.is_short, found.is_over


def test_what_the_website_declared_was_read() -> None:
    assert judge(page(total=24), page(total=24), vehicles=24) == (24, False, False)


@pytest.mark.parametrize(("vehicles", "is_short"), [(98, False), (97, True), (0, True)])
def test_more_than_two_percent_missing_is_a_shortfall(vehicles: int, is_short: bool) -> None:
    assert judge(page(total=100), vehicles=vehicles) == (100, is_short, False)


@pytest.mark.parametrize(("vehicles", "is_over"), [(102, False), (103, True)])
def test_more_than_two_percent_beyond_is_noted(vehicles: int, is_over: bool) -> None:
    assert judge(page(total=100), vehicles=vehicles) == (100, False, is_over)


def test_the_totals_of_all_lists_are_added_up_by_what_each_said_last() -> None:
    pages = [page(total=60, of="new"), page(total=59, of="new"), page(total=41, of="used")]
    assert judge(*pages, vehicles=100) == (100, False, False)


def test_vehicles_that_were_sold_meanwhile_are_not_missing() -> None:
    assert judge(page(total=50), page(rows=0, gone=1), page(rows=0, gone=2), vehicles=47) == (47, False, False)


def test_without_a_total_the_last_page_must_not_be_full() -> None:
    assert judge(page(rows=12, size=12), page(rows=5, size=12), vehicles=17) == (None, False, False)
    assert judge(page(rows=12, size=12), page(rows=12, size=12), vehicles=24) == (None, True, False)


def test_one_list_without_a_total_leaves_the_whole_without_one() -> None:
    assert judge(page(total=5, of="new"), page(rows=12, size=12, of="used"), vehicles=17) == (None, True, False)


def test_pages_of_single_vehicles_say_nothing_of_a_total() -> None:
    assert judge(page(rows=1), page(rows=1), vehicles=2) == (None, False, False)


def test_the_words_tell_both_numbers() -> None:
    assert judge_completeness([page(total=1400)], vehicles=1210).words == (
        "The website says that it has 1,400 vehicles, and 1,210 were read."
    )
    assert "there may be more" in Completeness(declared=None, read=24, is_short=True).words
