"""Lots: received for the first time, corrected, recalled, and the recall followed up."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from uuid import UUID

from django.core.exceptions import PermissionDenied

from dosing.actions.ledger import Kind, enter, locked_lot
from dosing.actions.movements import EXPIRED
from dosing.actions.orders import UNIT_OF
from dosing.models import DrugChoice, Lot
from dosing.permissions import KEEP_STOCK, RECALL
from dosing.rules.vials import LotFacts, is_expired, lot_faults
from oversight.canonical import plain
from oversight.recording import ReasonRequired, recorded
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol.definition import gettext_noop

_FAULTS = gettext_noop("This cannot be true of a lot")
_REGISTERED = gettext_noop("This lot is registered already: receive more of it on its own page")


def receive_lot(
    site: Site,
    *,
    drug: str,
    facts: LotFacts,
    vials: int,
    at: dt.datetime,
    by: User,
    why: str = "",
    confirmed: bool = True,
    key: UUID | None = None,
) -> Lot:
    """Register a lot at ``site``, a site of ``by``, with the ``vials`` (above 0) received of it.

    Raises ``Refused`` for what cannot be true and for a lot that the site has already, in capitals
    or not; ``NeedsConfirmation`` for one that has expired, unless ``confirmed``;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    KEEP_STOCK.check(by)
    _check_facts(facts)
    if vials < 1:
        raise Refused(Message(gettext_noop("Enter how many vials")))
    if at > clock.now():
        raise Refused(Message(gettext_noop("This moment lies in the future")))
    with recorded(by=by, key=key):
        site = _locked_site(site, by)
        _check_new(site, drug, facts.number)
        if is_expired(facts.expires_on, clock.today()) and not confirmed:
            raise NeedsConfirmation([("expires_on", EXPIRED)])
        lot = Lot(site=site, drug=drug, unit=UNIT_OF[DrugChoice(drug)], **asdict(facts))
        lot.full_clean()
        lot.save()
        enter(lot, Kind.RECEIVED, vials, by=by, at=at, why=why)
        return lot


def correct_lot(
    lot: Lot, *, facts: LotFacts, reason: str, version: int, by: User, key: UUID | None = None
) -> Lot:
    """Correct what was read from the label of a lot; its ledger stays, and so do recorded doses.

    Raises ``Refused`` as ``receive_lot`` does and where nothing differs, ``StaleRecord``,
    ``ReasonRequired``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    KEEP_STOCK.check(by)
    _check_facts(facts)
    if not reason.strip():
        raise ReasonRequired(lot)
    with recorded(by=by, reason=reason.strip(), key=key):
        site = _locked_site(lot.site, by)
        lot = locked_lot(lot, by=by, version=version)
        values = asdict(facts)
        if all(plain(getattr(lot, name)) == plain(value) for name, value in values.items()):
            raise Refused(Message(gettext_noop("Nothing differs from what is saved")))
        _check_new(site, lot.drug, facts.number, besides=lot)
        for name, value in values.items():
            setattr(lot, name, value)
        lot.full_clean()
        lot.save()
        return lot


def recall_lot(lot: Lot, *, reason: str, version: int, by: User, key: UUID | None = None) -> Lot:
    """Take a lot out of use at its site; what was given of it stays recorded.

    Raises ``Refused`` for one that is recalled already, ``StaleRecord``, ``ReasonRequired``,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    RECALL.check(by)
    if not reason.strip():
        raise ReasonRequired(lot)
    with recorded(by=by, reason=reason.strip(), key=key):
        lot = locked_lot(lot, by=by, version=version)
        if lot.recalled_at is not None:
            raise Refused(Message(gettext_noop("This lot is recalled already")))
        lot.recalled_at = clock.now()
        lot.recalled_by = by
        lot.recall_reason = reason.strip()
        lot.save()
        return lot


def follow_up_recall(
    lot: Lot, *, follow_up: str, version: int, by: User, key: UUID | None = None
) -> Lot:
    """Say what was done for the participants who received a recalled lot.

    Raises ``Refused`` without words, for a lot that is not recalled and for one that is followed
    up already; ``StaleRecord``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    RECALL.check(by)
    if not follow_up.strip():
        raise Refused(Message(gettext_noop("Say what was done for those who received it")))
    with recorded(by=by, reason=follow_up.strip(), key=key):
        lot = locked_lot(lot, by=by, version=version)
        _check_recalled(lot)
        if lot.followed_up_at is not None:
            raise Refused(Message(gettext_noop("This recall is followed up already")))
        lot.followed_up_at = clock.now()
        lot.followed_up_by = by
        lot.follow_up = follow_up.strip()
        lot.save()
        return lot


def lift_recall(lot: Lot, *, reason: str, version: int, by: User, key: UUID | None = None) -> Lot:
    """Put a lot back into use that was recalled by mistake; history keeps the recall.

    Raises ``Refused`` for a lot that is not recalled, ``StaleRecord``, ``ReasonRequired``,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    RECALL.check(by)
    if not reason.strip():
        raise ReasonRequired(lot)
    with recorded(by=by, reason=reason.strip(), key=key):
        lot = locked_lot(lot, by=by, version=version)
        _check_recalled(lot)
        lot.recalled_at = lot.recalled_by = lot.followed_up_at = lot.followed_up_by = None
        lot.recall_reason = lot.follow_up = ""
        lot.save()
        return lot


def _check_facts(facts: LotFacts) -> None:
    faults = lot_faults(facts)
    if faults:
        raise Refused(Message(_FAULTS), [message for _, message in faults])


def _check_recalled(lot: Lot) -> None:
    if lot.recalled_at is None:
        raise Refused(Message(gettext_noop("This lot is not recalled")))


def _check_new(site: Site, drug: str, number: str, *, besides: Lot | None = None) -> None:
    others = Lot.objects.filter(site=site, drug=drug, number__iexact=number.strip())
    if others.exclude(pk=besides.pk if besides else None).exists():
        raise Refused(Message(_REGISTERED))


def _locked_site(site: Site, by: User) -> Site:
    """The site under a lock, so that one lot is never registered twice at once.

    A lock that records which merely refer to the site do not wait for.
    """
    found = Site.objects.filter(pk=site.pk, staff=by).select_for_update(of=("self",), no_key=True)
    try:
        return found.get()
    except Site.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at {site}") from None
