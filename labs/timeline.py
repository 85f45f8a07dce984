"""The laboratory's part of a casebook: one event a specimen's CMV-DNA, plate or panel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext

from enrollment.models import Participant
from labs.models import CytotoxicityAssay
from labs.permissions import READ_RESULTS
from labs.readings import Reading, lysis_rule, lysis_text, read, worst
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

ANOTHER_RUN_COUNTS = gettext_noop("another run counts")


def events(participant: Participant, user: User) -> list[TimelineEvent]:
    """Every result in force of ``participant``; none for a user who may not read results."""
    if not READ_RESULTS.allows(user):
        return []
    readings = [read(result) for result in participant.results.in_force()]
    assays = list(participant.cytotoxicity_assays.in_force())
    return [*map(_panel_event, _panels(readings)), *map(_plate_event, assays)]


def _panels(readings: Iterable[Reading]) -> Iterable[list[Reading]]:
    """The readings of each specimen together; CMV-DNA stands alone."""
    panels: dict[tuple[int, bool], list[Reading]] = defaultdict(list)
    for reading in readings:
        is_pcr = reading.result.analyte == current().pcr.analyte
        panels[reading.result.specimen_id, is_pcr].append(reading)
    return panels.values()


def _panel_event(panel: list[Reading]) -> TimelineEvent:
    """The worst value in the title, the others, or the sentence behind a single one, below."""
    first = worst(panel)
    others = [reading.in_short for reading in panel if reading is not first]
    sentences = [message.render(gettext) for message in (others or first.why)]
    return TimelineEvent(
        at=first.result.collected_at,
        icon="flask",
        title=first.named_value,
        why=capfirst(", ".join(sentences)),
        badge=first.badge,
        history=("labs.result", first.result.pk),
        kind="lab",
        anchor=f"result-{first.result.pk}",
    )


def _plate_event(assay: CytotoxicityAssay) -> TimelineEvent:
    why = [lysis_rule(assay), *assay.messages]
    return TimelineEvent(
        at=assay.collected_at,
        icon="flask",
        title=lysis_text(assay),
        why=capfirst("; ".join(message.render(gettext) for message in why)),
        badge=None if assay.counts else ("planned", Message(ANOTHER_RUN_COUNTS)),
        history=("labs.cytotoxicityassay", assay.pk),
        kind="lab",
        anchor=f"cytotoxicity-{assay.pk}",
    )
