"""What the queue needs of every job: it carries whole numbers only, and keeps nothing but None or a short text."""

import inspect
from typing import get_type_hints

import pytest
from pytest_django import Settings

from jobs import registry
from jobs.checks import check_intervals
from jobs.registry import all_works, find_job

OPTIONAL_TEXTS = {type(None), str, str | None}


@pytest.mark.parametrize("kind", sorted(registry._jobs))
def test_a_job_takes_one_whole_number_and_gives_nothing_or_a_text(kind: str) -> None:
    function = find_job(kind)
    hints = get_type_hints(function)
    [parameter] = inspect.signature(function).parameters.values()
    assert hints[parameter.name] is int
    assert hints["return"] in OPTIONAL_TEXTS


def test_every_kind_of_row_has_its_job_and_its_states() -> None:
    for work in all_works():
        assert find_job(work.kind) is not None
        [field] = [field for field in work.model._meta.concrete_fields if field.name == work.state_field]
        assert {work.queued, work.running, work.failed} <= {value for value, _ in field.flatchoices}


def test_a_queue_that_repeats_jobs_which_still_run_is_refused_at_the_start(settings: Settings) -> None:
    assert check_intervals() == []
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": settings.Q_CLUSTER["timeout"] + 60}
    assert [found.id for found in check_intervals()] == ["jobs.E001"]


def test_a_wedge_limit_below_three_beats_is_refused_at_the_start(settings: Settings) -> None:
    settings.WEDGE_SECONDS = 44
    assert [found.id for found in check_intervals()] == ["jobs.E002"]
