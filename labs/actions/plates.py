"""NK cytotoxicity plates: the wells as typed, the lysis that they come to, the run that counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.actions.corrections import check_reason, keep_correction, refuse_in_error
from labs.actions.entries import Sample
from labs.actions.specimens import specimen_of
from labs.findings import findings_about, wells_of
from labs.models import CytotoxicityAssay, ResultStatus, Specimen
from labs.permissions import ENTER_RESULTS
from labs.rules.cytotoxicity import assess
from labs.rules.numbers import half_up
from labs.rules.wells import Well
from oversight.canonical import plain
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import by_version, current
from trial_site.protocol.definition import Protocol, gettext_noop

LYSIS_PLACES = 12  # the exact quotient has no end; far beyond what any statistic shows


@dataclass(frozen=True)
class PlateEntry:
    """What is typed about one plate.  ``nk_percent`` is the share of NK cells among the effectors,
    in percent; ``run`` is the laboratory's number of the run."""

    effectors: str
    wells: Sequence[Well]
    nk_percent: Decimal | None = None
    run: str = ""

    def values(self, protocol: Protocol) -> dict[str, Any]:
        """The columns of the plate, lysis included, by the rule of ``protocol``.

        Raises ``Refused`` for an impossible lysis.  Source: DOMAIN 7.
        """
        found = assess(self.wells, protocol.cytotoxicity)
        if found.impossible:
            text = gettext_noop("The wells give an impossible lysis")
            raise Refused(Message(text), found.impossible)
        lysis = found.result
        return {
            "run": self.run,
            "effectors": self.effectors,
            "nk_percent": self.nk_percent,
            "wells": [plain(asdict(well)) for well in self.wells],
            "formula": found.formula,
            "et_ratio": found.et_ratio,
            "lysis": None if lysis is None else half_up(lysis, LYSIS_PLACES),
            "remarks": [message.to_json() for message in (*found.needed, *found.flags)],
            "protocol_version": protocol.version,
        }


def record_cytotoxicity(
    participant: Participant,
    *,
    sample: Sample,
    effectors: str,
    wells: Sequence[Well],
    by: User,
    nk_percent: Decimal | None = None,
    run: str = "",
    key: UUID | None = None,
) -> CytotoxicityAssay:
    """Enter the first NK cytotoxicity plate of a specimen, by the protocol's formula and ratio.

    A plate without the wells that the formula needs is kept, with no result and the reason.
    ``nk_percent`` is the share of NK cells among the effectors.
    Raises ``Refused`` for an impossible lysis or impossible times of the specimen, and for a
    specimen that has a plate (``repeat_cytotoxicity``), ``AlreadyRecorded``, ``PermissionDenied``.
    Source: DOMAIN 7.
    """
    ENTER_RESULTS.check(by)
    values = PlateEntry(effectors, wells, nk_percent, run).values(current())
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        specimen = specimen_of(participant, sample)
        if specimen.cytotoxicity_assays.in_force().exists():
            text = gettext_noop(
                "A plate of this specimen is entered already; enter another as a repeat run of it"
            )
            raise Refused(Message(text))
        return _saved(specimen, participant, values, chosen=True)


def repeat_cytotoxicity(
    specimen: Specimen, *, entry: PlateEntry, by: User, key: UUID | None = None
) -> CytotoxicityAssay:
    """Enter another run of a specimen: it is kept, and counts once it is chosen (``choose_run``).

    A run beside which no other is in force counts at once.
    Raises ``Refused`` without a number of the run, for a number that the specimen has, and for an
    impossible lysis; ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 7, issue 4.
    """
    ENTER_RESULTS.check(by)
    values = entry.values(current())
    with recorded(by=by, key=key):
        participant = locked_participant(specimen.participant, by=by)
        _check_run(specimen, entry.run)
        is_first = not specimen.cytotoxicity_assays.in_force().exists()
        return _saved(specimen, participant, values, chosen=is_first)


def choose_run(
    assay: CytotoxicityAssay, *, reason: str, version: int, by: User, key: UUID | None = None
) -> CytotoxicityAssay:
    """Let this run of its specimen count, and no other; ``reason`` is kept with it.

    Raises ``ReasonRequired``, ``StaleRecord``, ``Refused`` for the run that counts already and for
    one entered in error, ``AlreadyRecorded``, ``PermissionDenied``.  Source: issue 4.
    """
    ENTER_RESULTS.check(by)
    reason = check_reason(assay, reason)
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(assay.participant, by=by)
        assay = locked(CytotoxicityAssay.objects.filter(pk=assay.pk), version=version)
        refuse_in_error(assay)
        if assay.chosen:
            raise Refused(Message(gettext_noop("This run counts already")))
        before = findings_about(participant)
        for other in assay.specimen.cytotoxicity_assays.counted():
            other.chosen, other.chosen_why = False, ""
            other.save()
        assay.chosen, assay.chosen_why = True, reason
        assay.save()
        keep_correction(assay, participant, before, findings_about(participant))
        return assay


def correct_plate(
    assay: CytotoxicityAssay,
    *,
    entry: PlateEntry,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> CytotoxicityAssay:
    """Replace what was typed about a plate; lysis is computed anew by the rule that it was by.

    History keeps the first wells, and what else changed is kept (``Correction``).  Raises
    ``ReasonRequired``, ``StaleRecord``, ``Refused`` where nothing differs, for an impossible lysis,
    a number that another run has and a plate in error; ``AlreadyRecorded``, ``PermissionDenied``.
    """
    ENTER_RESULTS.check(by)
    reason = check_reason(assay, reason)
    values = entry.values(by_version(assay.protocol_version))
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(assay.participant, by=by)
        assay = locked(CytotoxicityAssay.objects.filter(pk=assay.pk), version=version)
        refuse_in_error(assay)
        if all(plain(getattr(assay, name)) == plain(value) for name, value in values.items()):
            raise Refused(Message(gettext_noop("Nothing differs from the saved plate")))
        if entry.run != assay.run:
            _check_run(assay.specimen, entry.run)
        before = wells_of(assay) | findings_about(participant)
        for name, value in values.items():
            setattr(assay, name, value)
        assay.status = ResultStatus.CORRECTED
        assay.save()
        keep_correction(assay, participant, before, wells_of(assay) | findings_about(participant))
        return assay


def mark_plate_in_error(
    assay: CytotoxicityAssay, *, reason: str, version: int, by: User, key: UUID | None = None
) -> CytotoxicityAssay:
    """Take a plate out of everything; it stays to be read, with the reason (R04).

    Another run of the specimen counts only once it is chosen.  Raises ``ReasonRequired``,
    ``StaleRecord``, ``Refused`` for one in error already, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    ENTER_RESULTS.check(by)
    with recorded(by=by, reason=check_reason(assay, reason), key=key):
        participant = locked_participant(assay.participant, by=by)
        assay = locked(CytotoxicityAssay.objects.filter(pk=assay.pk), version=version)
        refuse_in_error(assay)
        before = findings_about(participant)
        assay.status = ResultStatus.IN_ERROR
        assay.save()
        keep_correction(assay, participant, before, findings_about(participant))
        return assay


def _check_run(specimen: Specimen, run: str) -> None:
    """Runs of one specimen are told apart by their numbers."""
    runs = specimen.cytotoxicity_assays.in_force()
    if not run and runs.count() > 0:
        raise Refused(Message(gettext_noop("Several runs of a specimen each need a number")))
    if runs.filter(run=run).exists():
        text = gettext_noop("Run %(run)s of this specimen is entered already")
        raise Refused(Message(text, {"run": run}))


def _saved(
    specimen: Specimen, participant: Participant, values: dict[str, Any], *, chosen: bool
) -> CytotoxicityAssay:
    assay = CytotoxicityAssay(
        participant=participant,
        specimen=specimen,
        collected_at=specimen.collected_at,
        chosen=chosen,
        **values,
    )
    assay.save()
    return assay
