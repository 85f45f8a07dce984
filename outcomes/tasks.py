"""What Celery's beat runs."""

from outcomes import actions
from oversight.accounts import system_actor
from trial_site.celery import app


@app.task
def flag_due() -> str:
    """Raise and resolve follow-up flags; safe to run twice, and twice at once."""
    flagged = actions.flag_due(by=system_actor())
    return f"{flagged.raised} raised, {flagged.resolved} resolved"
