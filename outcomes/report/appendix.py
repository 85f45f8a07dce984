"""What the numbers rest on beside the record: decisions of the protocol, and of people."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from enrollment.models import Participant
from outcomes.models import SampleOverrule
from outcomes.overrules import LYSIS
from outcomes.report import words
from outcomes.report.document import Block, Column, Heading, Paragraph, table, texts
from trial_site.protocol import current
from trial_site.templatetags.trial import say


def appendix(people: list[Participant]) -> Iterator[Block]:
    yield Heading(gettext("Appendix"))
    yield Heading(gettext("Samples chosen by the investigator"), 2)
    yield from _overrules(people)
    yield Heading(gettext("Decisions of the protocol"), 2)
    yield table(
        gettext("Where the registry record contradicts itself, and what was chosen"),
        [
            Column(""),
            Column(gettext("The record says"), wide=True),
            Column(gettext("Chosen"), wide=True),
        ],
        [(row.id, say(row.record_says), say(row.chosen)) for row in current().decisions],
    )
    yield table(
        gettext("Readings that remove doubt"),
        [Column(gettext("Subject")), Column(gettext("Reading"), wide=True)],
        [(say(row.title), say(row.text)) for row in current().readings],
    )


def _overrules(people: list[Participant]) -> Iterator[Block]:
    rows = SampleOverrule.objects.in_force().filter(participant__in=people)
    found = [
        (
            *(row.participant.subject, _measure(row.measure)),
            say(current().visit(row.visit).title),
            gettext("another sample") if row.record else gettext("none counts"),
            words.instant(row.decided_at),
        )
        for row in rows.select_related("participant")
    ]
    if not found:
        yield Paragraph(gettext("None: every sample counts by the protocol's windows."))
        return
    yield table(
        gettext("Samples that count by decision, against the windows"),
        [
            *texts(gettext("Participant"), gettext("Measure"), gettext("Visit")),
            *texts(gettext("Decision"), gettext("Decided")),
        ],
        found,
        note=gettext("The reasons stand in the record, with who decided."),
    )


def _measure(code: str) -> str:
    if code == LYSIS:
        return gettext("NK cytotoxicity")
    return say(current().analyte(code).name)
