"""What follows a failure, by the table of statuses and faults."""

import pytest

from scrapers.domain.failures import FetchError, sentence, status_error
from scrapers.domain.retrying import Retry, after_failure, seconds_to_wait

HOST = "www.example.com"


def failed(code: str, retry_after: float | None = None) -> FetchError:
    return FetchError(code, sentence(code, HOST, "as told"), retry_after=retry_after)


def tries(error: FetchError) -> int:
    """How often a request is tried that always fails like this and waits no time."""
    attempts = 1
    while after_failure(error, attempts=attempts, elapsed=0, luck=0):
        attempts += 1
    return attempts


@pytest.mark.parametrize(
    ("status", "code", "attempts"),
    [
        (400, "E_HTTP", 1),
        (401, "E_REFUSED", 1),
        (403, "E_FORBIDDEN", 1),
        (404, "E_NOT_FOUND", 1),
        (410, "E_NOT_FOUND", 1),
        (422, "E_HTTP", 1),
        (304, "E_HTTP", 1),
        (429, "E_TOO_MANY_REQUESTS", 4),
        (500, "E_HTTP_5XX", 2),
        (501, "E_HTTP_5XX", 2),
        (502, "E_HTTP_5XX", 4),
        (503, "E_HTTP_5XX", 4),
        (504, "E_HTTP_5XX", 4),
        (520, "E_HTTP_5XX", 2),
    ],
)
def test_each_status_has_its_code_and_number_of_tries(status: int, code: str, attempts: int) -> None:
    error = status_error(status, HOST)
    assert (error.code, error.status, tries(error)) == (code, status, attempts)


@pytest.mark.parametrize(
    ("code", "attempts"),
    [
        ("E_CONNECT", 4),
        ("E_TIMEOUT", 4),
        ("E_DEADLINE", 4),
        ("E_TRUNCATED", 4),
        ("E_TLS", 1),
        ("E_TOO_LARGE", 1),
        ("E_ENCODING", 1),
        ("E_REDIRECT", 1),
        ("E_SSRF", 1),
        ("E_REQUEST", 1),
        ("E_ROBOTS", 1),
    ],
)
def test_each_fault_has_its_number_of_tries(code: str, attempts: int) -> None:
    assert tries(failed(code)) == attempts


@pytest.mark.parametrize(
    ("attempts", "luck", "seconds"), [(1, 0, 2.0), (2, 0, 4.0), (3, 0, 8.0), (1, 1, 3.0), (2, 0.5, 5.0), (3, 1, 12.0)]
)
def test_pauses_double_from_two_seconds_with_up_to_half_as_much_by_chance(
    attempts: int, luck: float, seconds: float
) -> None:
    expected = Retry(seconds=seconds, ends_slice=False)
    assert after_failure(failed("E_CONNECT"), attempts=attempts, elapsed=0, luck=luck) == expected


def test_nothing_is_tried_beyond_two_minutes_in_all() -> None:
    assert after_failure(failed("E_DEADLINE"), attempts=1, elapsed=60, luck=0) == Retry(seconds=2, ends_slice=False)
    assert after_failure(failed("E_DEADLINE"), attempts=2, elapsed=116, luck=0) == Retry(seconds=4, ends_slice=False)
    assert after_failure(failed("E_DEADLINE"), attempts=2, elapsed=116.5, luck=0) is None


@pytest.mark.parametrize(
    ("asked", "seconds", "ends_slice"),
    [(0, 2, False), (1, 2, False), (7, 7, False), (20, 20, False), (21, 21, True), (300, 300, True), (9000, 300, True)],
)
def test_a_website_that_says_when_to_come_again_is_heard_up_to_five_minutes(
    asked: float, seconds: float, ends_slice: bool
) -> None:
    error = status_error(429, HOST, retry_after=asked)
    assert after_failure(error, attempts=1, elapsed=0, luck=0) == Retry(seconds=seconds, ends_slice=ends_slice)


def test_a_long_wait_ends_the_slice_also_late_in_the_two_minutes_but_never_beyond_the_last_try() -> None:
    error = status_error(503, HOST, retry_after=60)
    assert after_failure(error, attempts=3, elapsed=119, luck=0) == Retry(seconds=60, ends_slice=True)
    assert after_failure(error, attempts=4, elapsed=0, luck=0) is None


def test_a_forbidden_page_is_not_tried_again_whatever_it_asks_for() -> None:
    assert after_failure(status_error(403, HOST, retry_after=5), attempts=1, elapsed=0, luck=0) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("99999999999999999999", 999999999.0),
        ("Sat, 28 Nov 2026 12:01:30 GMT", 90.0),
        ("Sat, 28 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("١٢", None),
        ("Sat, 99 Nov 2026 12:01:30 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_moment(header: str, seconds: float | None) -> None:
    assert seconds_to_wait(header, "Sat, 28 Nov 2026 12:00:00 GMT") == seconds


def test_a_moment_without_the_date_of_the_answer_says_nothing() -> None:
    assert seconds_to_wait("Sat, 28 Nov 2026 12:01:30 GMT", "") is None


@pytest.mark.parametrize("code", ["E_HTTP_5XX", "E_FORBIDDEN", "E_CONNECT", "E_SSRF", "E_ROBOTS", "E_REDIRECT"])
def test_sentences_name_the_host_and_end_with_the_next_step(code: str) -> None:
    words = sentence(code, HOST, "why")
    assert words.startswith(HOST)
    assert words.endswith(".")
    assert words.count(". ") >= 1
    assert "{" not in words


def test_sentences_read_well_with_and_without_a_detail() -> None:
    assert sentence("E_TIMEOUT", HOST) == f"{HOST} did not answer in time. Run it again later."
    assert sentence("E_CONNECT", HOST, "refused").startswith(f"{HOST} cannot be reached (refused). Check")
    assert sentence("E_SSRF", HOST, "it asks for port 22").startswith(f"{HOST} is not asked: it asks for port 22. ")
