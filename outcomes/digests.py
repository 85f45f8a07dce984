"""The daily digest: what waits for each account, by e-mail, once a day, in its language."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext, override

from outcomes.models.digests import Digest
from outcomes.worklist import Group, first_rows, groups
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import Text, WorkRow
from trial_site.roles import PEOPLE

log = logging.getLogger(__name__)
ROWS_A_GROUP = 50  # the rest is counted, and is on the worklist
RETRY_AFTER = dt.timedelta(minutes=30)  # an address that is refused is refused a few times a day
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"


@dataclass(frozen=True)
class Mailed:
    sent: int
    failed: int


def mail_due() -> Mailed:
    """Mail each account its digest of the day, from ``DIGEST_HOUR`` of the site on.

    At most once an account and day, however often and by however many processes this runs: the row
    is claimed before the mail is made, one account after the other.  What failed is tried again
    after ``RETRY_AFTER``; what a worker died of between claim and sending is not, for it may have
    left (ADR 29).  Nothing is claimed where no mail can leave.
    """
    is_early = timezone.localtime(clock.now()).hour < settings.DIGEST_HOUR
    if is_early or settings.EMAIL_BACKEND == NO_MAIL:
        return Mailed(0, 0)
    day = clock.today()
    done = Digest.objects.filter(day=day, failure="").values("account")
    outcomes = [
        _deliver(digest)
        for account in list(_recipients().exclude(pk__in=done))
        if (digest := _claim(account, day)) is not None
    ]
    sent = sum(digest.sent_at is not None for digest in outcomes)
    return Mailed(sent, sum(bool(digest.failure) for digest in outcomes))


def _recipients() -> QuerySet[User]:
    people = User.objects.filter(is_active=True, wants_digest=True, role__in=PEOPLE)
    return people.exclude(email="").order_by("pk")


def _claim(account: User, day: dt.date) -> Digest | None:
    """The day's digest for this process alone; None where another has it or had it."""
    digest, is_new = Digest.objects.get_or_create(
        account=account, day=day, defaults={"claimed_at": clock.now()}
    )
    if is_new:
        return digest
    failed = Digest.objects.filter(
        pk=digest.pk, sent_at=None, claimed_at__lte=clock.now() - RETRY_AFTER
    ).exclude(failure="")
    if failed.update(failure="", claimed_at=clock.now()):
        digest.failure = ""
        return digest
    return None


def _deliver(digest: Digest) -> Digest:
    """Mail it, unless nothing waits.  A failure is one account's, and kept by its class alone."""
    account = digest.account
    try:
        with override(account.language):
            found = groups(account)
            digest.rows = sum(group.total for group in found)
            if digest.rows:
                subject, body = _letter(account, found)
                send_mail(subject, body, None, [account.email])
                digest.sent_at = clock.now()
    except Exception as error:
        log.exception("A digest could not be mailed")
        digest.failure = type(error).__name__
    digest.save(update_fields=["rows", "sent_at", "failure"])
    return digest


def _letter(account: User, found: list[Group]) -> tuple[str, str]:
    """Subject and text: counts by urgency, then the rows as the account's own worklist has them."""
    counts = ", ".join(f"{group.label} {group.total}" for group in found if group.total)
    subject = gettext("Trial worklist of %(day)s: %(counts)s") % {
        "day": clock.today().isoformat(),
        "counts": counts,
    }
    parts = [_block(group, rows) for group, rows in first_rows(found, account, ROWS_A_GROUP)]
    own = gettext("The whole worklist: %(url)s") % {"url": _link("/")}
    stop = gettext("To have no digest: %(url)s") % {"url": _link("/accounts/mine/")}
    return subject, "\n\n".join([*parts, f"{own}\n{stop}"])


def _block(group: Group, rows: list[WorkRow]) -> str:
    lines = [f"{group.label} ({group.total})", *map(_line, rows)]
    more = group.total - len(rows)
    if more:
        lines.append(ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more})
    return "\n".join(lines)


def _line(row: WorkRow) -> str:
    what = " · ".join(filter(None, (row.subject, _words(row.title), _words(row.when))))
    why = _words(row.why)
    return "\n  ".join(filter(None, (f"- {what}", why, _link(row.url or row.subject_url))))


def _words(text: Text) -> str:
    return text.render(gettext) if isinstance(text, Message) else str(text)


def _link(path: str) -> str:
    return f"{settings.SITE_URL}{path}" if path else ""
