"""What Celery's beat runs."""

from oversight.accounts import system_actor
from oversight.scheduled import scheduled
from safety.actions.escalation import escalate_due
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


@scheduled(
    title=gettext_noop("Reminders of safety reports"),
    gap=gettext_noop("Reminders of safety reports may be missing since %(since)s."),
)
def escalate() -> Message:
    """Tell of clocks that run out or have run out; safe to run twice, and twice at once."""
    told = escalate_due(by=system_actor())
    return Message(gettext_noop("%(told)s told"), {"told": str(told)})
