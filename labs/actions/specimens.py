"""Specimens: one tube, whichever of its results is entered first."""

from __future__ import annotations

import datetime as dt

from django.utils.timezone import localdate, make_aware

from enrollment.actions.gates import check_collected
from enrollment.models import Participant
from labs.actions.entries import Sample
from labs.models import Specimen
from labs.rules.specimens import sampling_faults
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_NO_CONSENT_YET = gettext_noop(
    "Collected on %(day)s, before the consent was signed on %(signed)s. Is this right?"
)


def specimen_of(participant: Participant, sample: Sample) -> Specimen:
    """The participant's specimen of ``sample``, saved if it is new.

    Raises ``Refused`` for impossible moments, for blood drawn after the consent was withdrawn, and
    for a specimen that cannot be used.
    """
    refuse_impossible(participant, sample)
    tube = {"kind": sample.kind, "collected_at": sample.collected_at}
    known: Specimen | None = participant.specimens.filter(**tube).first()
    if known is None:
        known = new_specimen(participant, sample)
        known.save()
    elif known.unusable:
        text = gettext_noop("This specimen cannot be used: %(why)s")
        raise Refused(Message(text, {"why": Message(known.unusable)}))
    return known


def refuse_impossible(participant: Participant, sample: Sample) -> None:
    """Raises ``Refused`` for impossible moments, before birth among them, and for blood drawn after
    the consent was withdrawn."""
    check_collected(participant.screening, sample.collected_at)
    moments = sample.collected_at, sample.received_at
    faults = sampling_faults(*moments, now=clock.now(), born=born_at(participant))
    if faults:
        raise Refused(
            Message(gettext_noop("The specimen's times cannot be true")),
            [message for _, message in faults],
        )


def doubts_about(participant: Participant, sample: Sample) -> tuple[Message, ...]:
    """What may be true and is asked about: collected before the first consent."""
    consent = participant.screening.consent
    if consent is not None and sample.collected_at < consent.signed_at:
        moments = {"day": sample.collected_at, "signed": consent.signed_at}
        days = {name: localdate(moment).isoformat() for name, moment in moments.items()}
        return (Message(_NO_CONSENT_YET, days),)
    return ()


def born_at(participant: Participant) -> dt.datetime | None:
    """The beginning of the participant's day of birth on the site's clock, where it is known."""
    born = participant.screening.facts.get("birth_date")
    return make_aware(dt.datetime.fromisoformat(born)) if born else None


def new_specimen(participant: Participant, sample: Sample) -> Specimen:
    """Unsaved, and unchecked."""
    return Specimen(
        participant=participant,
        kind=sample.kind,
        collected_at=sample.collected_at,
        received_at=sample.received_at,
        laboratory=sample.laboratory,
        accession=sample.accession,
        visit=sample.visit,
    )
