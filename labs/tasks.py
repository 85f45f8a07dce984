"""What Celery's workers and beat run for the laboratory."""

from labs.actions.import_runs import is_being_imported, run_import
from labs.importing.files import under_way
from oversight.scheduled import scheduled
from trial_site.celery import app
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


# Acknowledged only when it ended: a worker that dies leaves it to another.
@app.task(acks_late=True, reject_on_worker_lost=True)
def import_file(pk: int, share: int = 0) -> None:
    """Write the rows of a confirmed file, those of ``share`` first; safe to run twice at once."""
    run_import(pk, share)


@scheduled(
    title=gettext_noop("Imports that broke off"),
    gap=gettext_noop("Rows of imported files may be missing since %(since)s."),
)
def resume_imports() -> Message:
    """Go on with confirmed files that no worker is at: it died, or no broker answered."""
    waiting = [pk for pk in under_way() if not is_being_imported(pk)]
    for pk in waiting:
        run_import(pk)
    return Message(gettext_noop("%(files)s resumed"), {"files": str(len(waiting))})
