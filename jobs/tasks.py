"""What a worker does for rows of the base."""

from jobs.operations.background import RUN_JOB, run_job
from jobs.registry import job


@job(RUN_JOB)
def run(job_id: int) -> None:
    run_job(job_id=job_id)
