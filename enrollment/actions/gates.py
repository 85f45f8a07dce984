"""What must hold before anybody goes on: the site's approval and the patient's consent (R10, R23).

Each gate raises ``Refused`` and says why; the page that shows the button asks the same gate.
"""

import datetime as dt

from enrollment.models import Screening
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


def site_problem(site: Site, on: dt.date) -> Message | None:
    """Why ``site`` may not enrol on ``on``; ``None`` while an approval of the protocol in force
    covers the day."""
    approvals, version = list(site.approvals.all()), current().version
    if any(approval.covers(on, version) for approval in approvals):
        return None
    of_version = [approval for approval in approvals if approval.protocol_version == version]
    expired = [approval.expires_on for approval in of_version if approval.expires_on < on]
    if expired:
        return Message(
            gettext_noop("The ethics approval of this site expired on %(day)s"),
            {"day": max(expired).isoformat()},
        )
    return Message(
        gettext_noop("This site has no ethics approval for protocol %(version)s yet"),
        {"version": version},
    )


def consent_problem(screening: Screening, on: dt.date) -> Message | None:
    """Why the consent does not carry what comes next on ``on``; ``None`` while it does."""
    if screening.withdrawal:
        return Message(gettext_noop("The consent is withdrawn"))
    latest = screening.latest_consent
    if latest is None:
        return Message(gettext_noop("Record the consent first: it precedes the verdict"))
    if not any(consent.form.is_valid_on(on) for consent in screening.consents.all()):
        return Message(
            gettext_noop("Version %(version)s of the consent form is replaced: consent is due"),
            {"version": latest.form.version_label},
        )
    return None


def check_site(site: Site, on: dt.date) -> None:
    """Raises ``Refused`` where ``site_problem`` finds one."""
    if problem := site_problem(site, on):
        raise Refused(problem)


def check_consent(screening: Screening, on: dt.date) -> None:
    """Raises ``Refused`` where ``consent_problem`` finds one."""
    if problem := consent_problem(screening, on):
        raise Refused(problem)


def check_goes_on(screening: Screening) -> None:
    """Raises ``Refused`` for a screening that has ended or that another one repeats."""
    if screening.has_ended:
        raise Refused(Message(gettext_noop("This screening has ended")))
    repeated = screening.repeated_as
    if repeated is not None:
        raise Refused(
            Message(
                gettext_noop("The patient was screened again as %(number)s"),
                {"number": repeated.number},
            )
        )


def check_collected(screening: Screening, at: dt.datetime) -> None:
    """Raises ``Refused`` for something collected after the consent was withdrawn."""
    withdrawal = screening.withdrawal
    if withdrawal is not None and at > withdrawal.withdrawn_at:
        raise Refused(
            Message(gettext_noop("The consent was withdrawn before; nothing is collected after it"))
        )
