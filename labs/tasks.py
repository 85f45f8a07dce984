"""What Celery's workers and beat run for the laboratory."""

from labs.actions.import_runs import is_being_imported, run_import
from labs.importing.files import under_way
from trial_site.celery import app


# Acknowledged only when it ended: a worker that dies leaves it to another.
@app.task(acks_late=True, reject_on_worker_lost=True)
def import_file(pk: int, share: int = 0) -> None:
    """Write the rows of a confirmed file, those of ``share`` first; safe to run twice at once."""
    run_import(pk, share)


@app.task
def resume_imports() -> str:
    """Go on with confirmed files that no worker is at: it died, or no broker answered."""
    waiting = [pk for pk in under_way() if not is_being_imported(pk)]
    for pk in waiting:
        run_import(pk)
    return f"{len(waiting)} resumed"
