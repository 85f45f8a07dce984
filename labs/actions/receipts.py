"""The arrival of a specimen, before anything is measured in it; what it turns out to be worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.actions.computed import refresh_counts
from labs.actions.corrections import keep_correction, regrade_later
from labs.actions.entries import Sample
from labs.actions.specimens import new_specimen, refuse_impossible
from labs.findings import findings_about
from labs.models import Result, Specimen
from labs.permissions import ENTER_RESULTS
from labs.rules.effects import Finding
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

_HERE = gettext_noop("A specimen of this kind, drawn at this moment, is registered already")
_MEASURED = gettext_noop(
    "Results of this specimen are in force: mark them as entered in error first"
)


def receive_specimen(
    participant: Participant, *, sample: Sample, by: User, key: UUID | None = None
) -> Specimen:
    """Register a tube that came, without results.

    Raises ``Refused`` for impossible moments, blood drawn after the consent was withdrawn and a
    tube that is registered already; ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 9.
    """
    ENTER_RESULTS.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        _check(participant, sample)
        specimen = new_specimen(participant, sample)
        specimen.save()
        return specimen


def reject_specimen(
    specimen: Specimen, *, why: str, version: int, by: User, key: UUID | None = None
) -> Specimen:
    """Mark a specimen in which nothing can be measured, and say why.

    Raises ``Refused`` without a reason, and where results of it are in force; ``StaleRecord``,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    ENTER_RESULTS.check(by)
    why = why.strip()
    if not why:
        raise Refused(Message(gettext_noop("Say why the specimen cannot be used")))
    with recorded(by=by, reason=why, key=key):
        locked_participant(specimen.participant, by=by)
        specimen = locked(Specimen.objects.filter(pk=specimen.pk), version=version)
        _refuse_measured(specimen)
        specimen.unusable = why
        specimen.save()
        return specimen


def correct_specimen(
    specimen: Specimen,
    *,
    sample: Sample,
    unusable: str,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> Specimen:
    """Correct what was registered of a specimen; an empty ``unusable`` takes that back.

    Results and plates follow its moment, and what depends on that is computed anew and kept
    (``Correction``).  Raises ``Refused`` as ``receive_specimen`` and ``reject_specimen`` do and
    where nothing differs; ``ReasonRequired``, ``StaleRecord``, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    ENTER_RESULTS.check(by)
    with recorded(by=by, reason=reason.strip(), key=key):
        participant = locked_participant(specimen.participant, by=by)
        specimen = locked(Specimen.objects.filter(pk=specimen.pk), version=version)
        _check(participant, sample, leave_out=specimen.pk)
        if unusable:
            _refuse_measured(specimen)
        before, moved = findings_about(participant), specimen.collected_at != sample.collected_at
        _replace(specimen, sample, unusable.strip())
        if moved:
            _move(specimen, participant, before)
        return specimen


def _check(participant: Participant, sample: Sample, *, leave_out: int | None = None) -> None:
    refuse_impossible(participant, sample)
    same = participant.specimens.filter(kind=sample.kind, collected_at=sample.collected_at)
    if same.exclude(pk=leave_out).exists():
        raise Refused(Message(_HERE))


def _refuse_measured(specimen: Specimen) -> None:
    if specimen.results.in_force().exists() or specimen.cytotoxicity_assays.in_force().exists():
        raise Refused(Message(_MEASURED))


def _replace(specimen: Specimen, sample: Sample, unusable: str) -> None:
    values = {field.name: getattr(sample, field.name) for field in fields(Sample)}
    values["unusable"] = unusable
    if all(getattr(specimen, name) == value for name, value in values.items()):
        raise Refused(Message(gettext_noop("Nothing differs from what is saved")))
    for name, value in values.items():
        setattr(specimen, name, value)
    specimen.save()


def _move(specimen: Specimen, participant: Participant, before: Mapping[str, Finding]) -> None:
    """Results and plates have the moment of their specimen; grades follow their baseline."""
    records = [*specimen.results.in_force(), *specimen.cytotoxicity_assays.in_force()]
    left = [record.collected_at for record in records]
    for record in records:
        record.collected_at = specimen.collected_at
        record.save()
    results = [record for record in records if isinstance(record, Result)]
    regrade_later(participant, [result.analyte for result in results])
    refresh_counts(participant, results, left)
    after = findings_about(participant)
    for record in records:
        record.refresh_from_db()
        keep_correction(record, participant, before, after)
