"""What the stock asks of the nurse and of the investigator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.translation import pgettext

from dosing.models import Discrepancy
from dosing.permissions import KEEP_STOCK, RECALL
from dosing.rules.vials import ON_WORKLIST, LotState
from dosing.stock_lots import (
    BADGES,
    LotLine,
    discrepancies_visible_to,
    lot_lines,
    lots_visible_to,
    recipient_counts,
)
from dosing.wording import clock_text
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import Text, WorkRow
from trial_site.protocol.definition import gettext_noop
from trial_site.templatetags.trial import exact

_WORK_STATES = {
    LotState.RECALLED: "blocked",
    LotState.EXPIRED: "late",
    LotState.EXPIRES_SOON: "soon",
}
_EXPLAIN = gettext_noop("Ledger and shelf disagree")
_LEFT = gettext_noop("Vials left by the ledger: %(vials)s; last day of use: %(day)s")
_RECALLED_LEFT = gettext_noop("Vials left by the ledger: %(vials)s")


def rows(user: User) -> Iterator[WorkRow]:
    """The nurse's discrepancies, and lots with vials that are or soon will be of no use; the
    investigator's recalls that nobody followed up."""
    if KEEP_STOCK.allows(user):
        waiting = discrepancies_visible_to(user).filter(explained_at=None)
        yield from (_discrepancy(found) for found in waiting)
        lines = lot_lines(lots_visible_to(user))
        yield from (_lot(line) for line in lines if _is_work(line))
    if RECALL.allows(user):
        yield from _recalls(user)


def _discrepancy(found: Discrepancy) -> WorkRow:
    if found.counted is None:
        text = gettext_noop("Vials by the ledger: %(ledger)s")
        why = Message(text, {"ledger": exact(found.ledger)})
    else:
        text = gettext_noop("Vials by the ledger: %(ledger)s; counted: %(counted)s")
        why = Message(text, {"ledger": exact(found.ledger), "counted": exact(found.counted)})
    return _row(
        found.lot.number,
        found.lot_id,
        state="due",
        badge=Message(gettext_noop("Discrepancy")),
        when=clock_text(found.found_at, clock.today()),
        title=Message(_EXPLAIN),
        why=why,
        action=Message(gettext_noop("Explain")),
        url=reverse("dosing:stock-explain", args=[found.pk]),
        day=clock.today(),
    )


def _is_work(line: LotLine) -> bool:
    """Whether vials lie there that nobody should take, or in a few days should not."""
    is_near = line.lot.expires_on - clock.today() <= ON_WORKLIST
    return line.balance > 0 and (line.state is LotState.RECALLED or is_near)


def _lot(line: LotLine) -> WorkRow:
    lot, is_recalled = line.lot, line.state is LotState.RECALLED
    params = {"vials": str(line.balance), "day": _day(lot.expires_on)}
    return _row(
        lot.number,
        lot.pk,
        state=_WORK_STATES[line.state],
        badge=Message(BADGES[line.state][1]),
        when=_day(timezone.localdate(lot.recalled_at) if lot.recalled_at else lot.expires_on),
        title=Message(gettext_noop("Vials of %(product)s"), {"product": lot.product}),
        why=Message(_RECALLED_LEFT if is_recalled else _LEFT, params),
        action=Message(gettext_noop("Open the lot")),
        url=reverse("dosing:stock-lot", args=[lot.pk]),
        day=clock.today() if is_recalled else lot.expires_on,
    )


def _recalls(user: User) -> Iterator[WorkRow]:
    lots = list(lots_visible_to(user).filter(recalled_at__isnull=False, followed_up_at=None))
    counts = recipient_counts(lots)
    for lot in lots:
        yield _row(
            lot.number,
            lot.pk,
            state="due",
            badge=Message(BADGES[LotState.RECALLED][1]),
            when=_day(timezone.localdate(lot.recalled_at)),
            title=Message(gettext_noop("Recall is to be followed up")),
            why=Message(
                gettext_noop("Participants who received it: %(people)s. %(reason)s"),
                {"people": str(counts[lot.pk]), "reason": lot.recall_reason},
            ),
            action=Message(gettext_noop("See who received it")),
            url=reverse("dosing:stock-lot", args=[lot.pk]),
            day=clock.today(),
        )


def _day(day: dt.date) -> str:
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return dateformat.format(day, pgettext("date format", "j M Y"))


def _row(
    number: str,
    pk: int,
    *,
    state: str,
    badge: Text,
    when: Text,
    title: Text,
    why: Text,
    action: Text,
    url: str,
    day: dt.date,
) -> WorkRow:
    """Sorted as every room sorts: by the day it closes, the day it is due, then a text."""
    return WorkRow(
        state=state,
        badge=badge,
        when=when,
        subject=number,
        subject_url=reverse("dosing:stock-lot", args=[pk]),
        title=title,
        why=why,
        action=action,
        url=url,
        sort=(day, day, number),
    )
