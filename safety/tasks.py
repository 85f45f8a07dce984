"""What Celery's beat runs."""

from oversight.accounts import system_actor
from safety.actions.escalation import escalate_due
from trial_site.celery import app


@app.task
def escalate() -> str:
    """Tell of clocks that run out or have run out; safe to run twice, and twice at once."""
    return f"{escalate_due(by=system_actor())} told"
