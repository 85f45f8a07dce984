"""What an entry form begins with: the visit by the schedule, the limits in force, the assay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from enrollment.models import Participant
from labs.models import Assay, Laboratory, ReferenceRange
from labs.rules.ranges import in_force
from trial_site.models import User
from trial_site.protocol import current

MOST_LISTED = 200  # numbers that a page carries to choose from; any other can be typed


def subjects_to_choose(user: User) -> list[str]:
    """The numbers of the participants who were enrolled last at the user's sites, in order."""
    latest = Participant.objects.visible_to(user).order_by("-enrolled_at", "-pk")
    return sorted(latest.values_list("subject", flat=True)[:MOST_LISTED])


def only_laboratory(user: User, participant: Participant | None) -> Laboratory | None:
    """The laboratory of the participant's site, or of the user's sites, where there is only one."""
    found = Laboratory.objects.visible_to(user)
    if participant:
        found = found.filter(site=participant.site_id)
    first, *others = [*found[:2]] or [None]
    return None if others else first


def visit_on(participant: Participant, day: dt.date, panel: str) -> str:
    """The code of the visit whose window holds ``day``; empty between visits.

    Of several, one that asks for ``panel`` (a group of analytes) comes first, then the nearest.
    """
    wanted = {rule.code for rule in current().visits if panel in rule.panels}
    visits = [visit for visit in participant.visits.in_plan() if visit.in_window(day)]
    nearest = sorted(
        visits, key=lambda visit: (visit.code not in wanted, abs(visit.target - day), visit.pk)
    )
    return nearest[0].code if nearest else ""


def limits_in_force(
    laboratory: Laboratory, participant: Participant, day: dt.date, analytes: Iterable[str]
) -> dict[str, ReferenceRange]:
    """The laboratory's range of each of ``analytes`` on ``day``, where it has one."""
    rows = list(ReferenceRange.objects.filter(laboratory=laboratory, analyte__in=list(analytes)))
    sex = str(participant.screening.facts.get("sex") or "")
    ranges = {row.analyte: in_force(rows, analyte=row.analyte, sex=sex, day=day) for row in rows}
    return {analyte: row for analyte, row in ranges.items() if row}


def registered_assays(
    user: User, laboratory: Laboratory | None, analytes: Iterable[str]
) -> list[Assay]:
    """The assays of ``laboratory``, or without one of every laboratory of the user's sites."""
    found = Assay.objects.visible_to(user).filter(analyte__in=list(analytes))
    return list(found.filter(laboratory=laboratory) if laboratory else found)
