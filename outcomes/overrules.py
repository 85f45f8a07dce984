"""Samples that count by the investigator's decision instead of by the protocol's window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from enrollment.models import Participant
from outcomes.models import SampleOverrule
from outcomes.rules.endpoints import DatedSample, Lack, SampleChoice
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

LYSIS = "nk_cytotoxicity"

_CHOSEN = gettext_noop("chosen by %(who)s: %(why)s")
_NONE = gettext_noop("no sample counts, by decision of %(who)s: %(why)s")
_GONE = gettext_noop("%(by_rule)s; the sample that %(who)s had chosen no longer counts")


@dataclass(frozen=True)
class Overrules:
    """The decisions in force, by participant, measure and visit."""

    rows: Mapping[tuple[int, str, str], SampleOverrule]

    def applied(
        self,
        participant: Participant,
        measure: str,
        visit: str,
        by_rule: SampleChoice,
        samples: Sequence[DatedSample],
    ) -> tuple[SampleChoice, bool]:
        """The choice that holds, and whether it is a decision.

        A chosen sample that was entered in error since gives way to the rule, and is mentioned.
        """
        row = self.rows.get((participant.pk, measure, visit))
        if row is None:
            return by_rule, False
        who = {"who": row.decided_by.get_username(), "why": row.why}
        if not row.record:
            return SampleChoice(None, Message(_NONE, who), Lack.SET_ASIDE), True
        chosen = next((one for one in samples if one.record == row.record), None)
        if chosen is None or not chosen.has_result:
            gone = Message(_GONE, {**who, "by_rule": by_rule.why})
            return SampleChoice(by_rule.sample, gone, by_rule.lack), False
        return SampleChoice(chosen, Message(_CHOSEN, who)), True


def overrules_of(participants: Iterable[Participant]) -> Overrules:
    """Every decision in force about ``participants``, in one query."""
    rows = SampleOverrule.objects.in_force().filter(participant__in=list(participants))
    return Overrules(
        {
            (row.participant_id, row.measure, row.visit): row
            for row in rows.select_related("decided_by")
        }
    )


def overrule_in_force(participant: Participant, measure: str, visit: str) -> SampleOverrule | None:
    found: SampleOverrule | None = (
        SampleOverrule.objects.in_force()
        .filter(participant=participant, measure=measure, visit=visit)
        .select_related("decided_by")
        .first()
    )
    return found
