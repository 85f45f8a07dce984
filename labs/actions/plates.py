"""NK cytotoxicity plates: the wells as typed, and the lysis that they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.actions.entries import Sample
from labs.actions.specimens import specimen_of
from labs.models import CytotoxicityAssay
from labs.permissions import ENTER_RESULTS
from labs.rules.cytotoxicity import assess
from labs.rules.numbers import half_up
from labs.rules.wells import Well
from oversight.canonical import plain
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

LYSIS_PLACES = 12  # the exact quotient has no end; far beyond what any statistic shows


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
    """Enter one NK cytotoxicity plate; lysis is computed by the protocol's formula and ratio.

    A plate without the wells that the formula needs is kept, with no result and the reason.
    ``nk_percent`` is the share of NK cells among the effectors.
    Raises ``Refused`` for an impossible lysis or impossible times of the specimen,
    ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 7.
    """
    ENTER_RESULTS.check(by)
    protocol = current()
    assessment = assess(wells, protocol.cytotoxicity)
    if assessment.impossible:
        raise Refused(
            Message(gettext_noop("The wells give an impossible lysis")), assessment.impossible
        )
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        specimen = specimen_of(participant, sample)
        if specimen.cytotoxicity_assays.in_force().exists():
            raise Refused(Message(gettext_noop("A plate of this specimen is entered already")))
        lysis = assessment.result
        assay = CytotoxicityAssay(
            participant=participant,
            specimen=specimen,
            run=run,
            effectors=effectors,
            nk_percent=nk_percent,
            wells=[_well_json(well) for well in wells],
            formula=assessment.formula,
            et_ratio=assessment.et_ratio,
            lysis=None if lysis is None else half_up(lysis, LYSIS_PLACES),
            remarks=[message.to_json() for message in (*assessment.needed, *assessment.flags)],
            protocol_version=protocol.version,
            collected_at=sample.collected_at,
        )
        assay.save()
        return assay


def _well_json(well: Well) -> dict[str, Any]:
    data: dict[str, Any] = plain(asdict(well))
    return data
