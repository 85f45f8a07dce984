"""What Celery's beat runs."""

from outcomes import actions
from outcomes.digests import mail_due
from oversight.accounts import system_actor
from oversight.scheduled import scheduled
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


@scheduled(
    title=gettext_noop("Follow-up flags"),
    gap=gettext_noop("Flags may be missing since %(since)s."),
)
def flag_due() -> Message:
    """Raise, resolve and escalate follow-up flags; safe to run twice, and twice at once."""
    flagged = actions.flag_due(by=system_actor())
    numbers = {
        "raised": str(flagged.raised),
        "resolved": str(flagged.resolved),
        "escalated": str(flagged.escalated),
    }
    text = gettext_noop("%(raised)s raised, %(resolved)s resolved, %(escalated)s escalated")
    return Message(text, numbers)


@scheduled(
    title=gettext_noop("Daily digests"),
    gap=gettext_noop("Daily digests may be missing since %(since)s."),
)
def mail_digests() -> Message:
    """Mail the digests of the day that are due; safe to run twice, and twice at once."""
    mailed = mail_due()
    numbers = {"sent": str(mailed.sent), "failed": str(mailed.failed)}
    return Message(gettext_noop("%(sent)s sent, %(failed)s failed"), numbers)
