"""Setting up laboratories: what each calls normal, and from when to when; the assays that it runs.

Saved results keep what was in force when they were entered: nothing here changes any of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied

from labs.models import Assay, Laboratory, ReferenceRange
from labs.permissions import SET_UP
from labs.rules.ranges import RangeRow, overlaps
from labs.rules.setup import AssayRow, Faults, assay_faults, range_faults, range_text
from oversight.canonical import plain
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

ONE_DAY = dt.timedelta(days=1)
_FAULTS = gettext_noop("This contradicts itself")
_OVERLAP = gettext_noop("A range of this analyte holds on these days already; end it first")


def register_laboratory(site: Site, *, name: str, by: User, key: UUID | None = None) -> Laboratory:
    """Register a laboratory of ``site``, a site of ``by``.

    Raises ``ValidationError`` for a name that the site has already, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    SET_UP.check(by)
    if not by.sites.filter(pk=site.pk).exists():
        raise PermissionDenied(f"{by} does not work at {site}")
    with recorded(by=by, key=key):
        laboratory = Laboratory(site=site, name=name.strip())
        laboratory.full_clean()
        laboratory.save()
        return laboratory


def rename_laboratory(
    laboratory: Laboratory,
    *,
    name: str,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> Laboratory:
    """Correct the name of a laboratory, which its results show from now on.

    Raises ``StaleRecord``, ``ReasonRequired``, ``ValidationError``, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    SET_UP.check(by)
    with recorded(by=by, reason=reason.strip(), key=key):
        laboratory = _locked(laboratory, by=by, version=version)
        laboratory.name = name.strip()
        laboratory.full_clean()
        laboratory.save()
        return laboratory


# --- ranges -----------------------------------------------------------------------------------


def add_range(
    laboratory: Laboratory,
    *,
    row: RangeRow,
    by: User,
    ends_open: bool = False,
    key: UUID | None = None,
) -> ReferenceRange:
    """Add what the laboratory calls normal from one day to another, both included.

    ``ends_open`` ends the range before it, if that has no end yet, on the day before this one
    begins.  Raises ``Refused`` for a range that overlaps another or contradicts itself,
    ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 8, each result's own LLN and ULN.
    """
    SET_UP.check(by)
    _check_faults(range_faults(row, current()))
    with recorded(by=by, key=key):
        laboratory = _locked(laboratory, by=by)
        others = list(laboratory.ranges.all())
        if ends_open:
            _end_before(row, others, by=by)
        _check_overlaps(row, others)
        made = ReferenceRange(laboratory=laboratory, **asdict(row))
        made.full_clean()
        made.save()
        return made


def correct_range(
    saved: ReferenceRange,
    *,
    row: RangeRow,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> ReferenceRange:
    """Correct a range, or end it on its last day.

    Raises ``Refused`` as ``add_range`` does and where nothing differs, ``StaleRecord``,
    ``ReasonRequired``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SET_UP.check(by)
    _check_faults(range_faults(row, current()))
    with recorded(by=by, reason=reason.strip(), key=key):
        laboratory = _locked(saved.laboratory, by=by)
        found: ReferenceRange = locked(ReferenceRange.objects.filter(pk=saved.pk), version=version)
        _check_overlaps(row, laboratory.ranges.exclude(pk=found.pk))
        _replace(found, asdict(row))
        return found


def _end_before(row: RangeRow, others: Iterable[ReferenceRange], *, by: User) -> None:
    """End the open range that ``row`` follows; one that begins later is not before it."""
    for other in others:
        if other.valid_to is None and other.valid_from < row.valid_from and overlaps(row, other):
            other.valid_to = row.valid_from - ONE_DAY
            with recorded(by=by, reason=f"Replaced from {row.valid_from.isoformat()} on"):
                other.save()


def _check_overlaps(row: RangeRow, others: Iterable[ReferenceRange]) -> None:
    found = [range_text(_row(other)) for other in others if overlaps(row, other)]
    if found:
        raise Refused(Message(_OVERLAP), found)


def _row(saved: ReferenceRange) -> RangeRow:
    return RangeRow(**{field.name: getattr(saved, field.name) for field in fields(RangeRow)})


# --- assays -----------------------------------------------------------------------------------


def register_assay(
    laboratory: Laboratory, *, row: AssayRow, by: User, key: UUID | None = None
) -> Assay:
    """Register an assay or kit that the laboratory runs, with the limits that it declares.

    Raises ``Refused`` for an assay that contradicts itself, ``ValidationError`` for one that is
    registered already, ``AlreadyRecorded``, ``PermissionDenied``.  Sources: DOMAIN 6 and 7.
    """
    SET_UP.check(by)
    _check_faults(assay_faults(row, current()))
    with recorded(by=by, key=key):
        made = Assay(laboratory=_locked(laboratory, by=by), **asdict(row))
        made.full_clean()
        made.save()
        return made


def correct_assay(
    saved: Assay,
    *,
    row: AssayRow,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> Assay:
    """Correct what is registered of an assay; results that were entered with it stay.

    Raises ``Refused`` and ``ValidationError`` as ``register_assay`` does and where nothing differs,
    ``StaleRecord``, ``ReasonRequired``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SET_UP.check(by)
    _check_faults(assay_faults(row, current()))
    with recorded(by=by, reason=reason.strip(), key=key):
        _locked(saved.laboratory, by=by)
        found: Assay = locked(Assay.objects.filter(pk=saved.pk), version=version)
        _replace(found, asdict(row))
        return found


# --- both -------------------------------------------------------------------------------------


def _locked(laboratory: Laboratory, *, by: User, version: int | None = None) -> Laboratory:
    """The laboratory's row under a lock: two ranges are never held against each other at once.

    Raises ``PermissionDenied``: at other sites the laboratory does not exist.
    """
    try:
        own = Laboratory.objects.visible_to(by).filter(pk=laboratory.pk)
        found: Laboratory = locked(own, version=version)
    except Laboratory.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at the site of this laboratory") from None
    return found


def _check_faults(faults: Faults) -> None:
    if faults:
        raise Refused(Message(_FAULTS), [message for _, message in faults])


def _replace(saved: ReferenceRange | Assay, values: Mapping[str, Any]) -> None:
    """Save ``values`` over ``saved``, digit for digit: 30.0 is not 30."""
    if all(plain(getattr(saved, name)) == plain(value) for name, value in values.items()):
        raise Refused(Message(gettext_noop("Nothing differs from what is saved")))
    for name, value in values.items():
        setattr(saved, name, value)
    saved.full_clean()
    saved.save()
