"""What a report of a serious event says: every fact with its unit and its time with its offset.

The content is frozen with the report, as sentences that can be read in either language later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import override

from dosing.models import Administration, DrugChoice
from dosing.totals import totals_to_date
from dosing.wording import dose_text, drug_name
from enrollment.facts import Sex
from enrollment.models import Participant
from enrollment.rules.age import age_range
from labs.readings import read
from safety.clocks import susar_of
from safety.models import AdverseEvent
from safety.rules.clocks import moment
from safety.wording import serious_because, with_offset
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

Row = tuple[Message, Message]
Section = tuple[Message, list[Row]]

UNKNOWN = Message(gettext_noop("not recorded"))
NOT_ENDED = Message(gettext_noop("not ended"))
NONE = Message(gettext_noop("none recorded"))
_SEXES = {Sex.FEMALE: gettext_noop("Female"), Sex.MALE: gettext_noop("Male")}
_SUSAR = {
    True: gettext_noop("yes: suspected and unexpected"),
    False: gettext_noop("no"),
    None: gettext_noop("open: not assessed"),
}


def content_of(event: AdverseEvent) -> dict[str, Any]:
    """The event and what stands beside it now, as it is stored in a report."""
    sections = [
        (Message(gettext_noop("Participant")), list(_participant(event))),
        (Message(gettext_noop("Event")), list(_event(event))),
        (Message(gettext_noop("Why it is serious")), list(_serious(event))),
        (Message(gettext_noop("Trial drugs")), list(_drugs(event))),
        (Message(gettext_noop("Assessment")), list(_assessment(event))),
        (Message(gettext_noop("Other medicines and history")), list(_beside(event.participant))),
    ]
    return {
        "sections": [_stored(title, rows) for title, rows in sections],
        "event_version": event.version,
        "protocol_version": current().version,
    }


def _stored(title: Message, rows: list[Row]) -> dict[str, Any]:
    return {
        "title": title.to_json(),
        "rows": [[label.to_json(), value.to_json()] for label, value in rows],
    }


def _row(label: str, value: Message | str | None) -> Row:
    if not value:
        return Message(label), UNKNOWN
    return Message(label), value if isinstance(value, Message) else _text(value)


def _text(text: str) -> Message:
    return Message("%(text)s", {"text": text})


def _choice(label: Any) -> Message:
    """The words of a model's choice: their English is the key of every translation."""
    return Message(str(label)) if label else UNKNOWN


# --- the parts --------------------------------------------------------------------------------


def _participant(event: AdverseEvent) -> Iterator[Row]:
    who, trial = event.participant, current().identification
    facts = who.screening.answers
    yield _row(gettext_noop("Trial"), trial.registry_id)
    yield _row(gettext_noop("Site"), f"{who.site.name} ({who.site.code})")
    yield _row(gettext_noop("Participant"), who.subject)
    yield _row(gettext_noop("Sex"), Message(_SEXES[facts.sex]) if facts.sex else None)
    if facts.birth_date:
        ages = age_range(facts.birth_date, event.onset_on, day_known=facts.birth_day_known)
        years = " - ".join(sorted({str(age) for age in ages}))
        yield _row(gettext_noop("Age"), Message(gettext_noop("%(years)s years"), {"years": years}))
    if who.arm:
        yield _row(gettext_noop("Arm"), Message(current().arm(who.arm).short_label))
    yield _row(gettext_noop("First ganciclovir dose"), with_offset(who.day0_at))


def _event(event: AdverseEvent) -> Iterator[Row]:
    yield _row(gettext_noop("Event"), event.term)
    yield _row(gettext_noop("MedDRA code"), event.meddra_code)
    yield _row(gettext_noop("Began"), _onset(event))
    yield _row(gettext_noop("Ended"), event.ended_on.isoformat() if event.ended_on else NOT_ENDED)
    grade: dict[str, str | Message] = {
        "grade": str(event.grade),
        "criteria": Message.from_json(event.criteria),
    }
    words = Message(gettext_noop("grade %(grade)s: %(criteria)s"), grade)
    yield _row(gettext_noop("CTCAE v5.0"), words)
    yield _row(gettext_noop("Outcome"), _choice(_english(event, "outcome")))
    yield _row(gettext_noop("Treatment given"), event.treatment)
    yield _row(gettext_noop("What happened"), event.note)
    if event.result is not None:
        yield _row(gettext_noop("Laboratory"), _result(event.result))


def _onset(event: AdverseEvent) -> Message | str:
    if event.onset_time is None:
        return event.onset_on.isoformat()
    tz = timezone.get_default_timezone()
    return moment(dt.datetime.combine(event.onset_on, event.onset_time, tzinfo=tz), tz)


def _result(result: Any) -> Message:
    params: dict[str, str | Message] = {
        "value": read(result).named_value,
        "when": with_offset(result.collected_at),
    }
    return Message(gettext_noop("%(value)s, collected %(when)s"), params)


def _serious(event: AdverseEvent) -> Iterator[Row]:
    for because in serious_because(event):
        yield _row(gettext_noop("Criterion"), because)
    yield _row(gettext_noop("Known to be serious since"), with_offset(event.serious_aware_at))
    yield _row(gettext_noop("SUSAR"), Message(_SUSAR[susar_of(event)]))
    who = f"{event.reported_by.get_username()}, {with_offset(event.reported_at)}"
    yield _row(gettext_noop("First reported"), who)


def _drugs(event: AdverseEvent) -> Iterator[Row]:
    """Doses of each drug to date, and the last before the event."""
    totals = totals_to_date(event.participant)
    if not totals:
        yield _row(gettext_noop("Doses"), NONE)
    for total in totals:
        params: dict[str, str | Message] = {
            "delivered": total.delivered,
            "given": str(total.given),
            "partial": str(total.partial),
            "not_given": str(total.not_given),
        }
        text = gettext_noop(
            "%(delivered)s to date: %(given)s given, %(partial)s in part, %(not_given)s not given"
        )
        yield total.name, Message(text, params)
    for drug in DrugChoice:
        last = _last_dose(event, drug)
        if last is not None and last.given_at is not None:
            dose: dict[str, str | Message] = {
                "dose": dose_text(last.amount, last.unit),
                "when": with_offset(last.given_at),
                "lot": last.lot_text or UNKNOWN,
            }
            label = Message(gettext_noop("%(drug)s, last dose before"), {"drug": drug_name(drug)})
            yield label, Message(gettext_noop("%(dose)s at %(when)s, lot %(lot)s"), dose)


def _last_dose(event: AdverseEvent, drug: str) -> Administration | None:
    """The last delivered dose up to the onset; of an onset without a time, up to its day's end."""
    tz = timezone.get_default_timezone()
    until = dt.datetime.combine(event.onset_on, event.onset_time or dt.time.max, tzinfo=tz)
    doses: Any = Administration.objects.in_force().filter(
        participant=event.participant_id, drug=drug, given_at__lte=until
    )
    found: Administration | None = (
        doses.exclude(status=Administration.Status.NOT_GIVEN).order_by("-given_at").first()
    )
    return found


def _assessment(event: AdverseEvent) -> Iterator[Row]:
    if event.assessed_at is None or event.assessed_by is None:
        yield _row(gettext_noop("Assessment"), Message(gettext_noop("not assessed yet")))
        return
    for drug in DrugChoice:
        params = {
            "relation": _choice(_english(event, f"relation_{drug}")),
            "action": _choice(_english(event, f"action_{drug}")),
        }
        was_given = getattr(event, f"relation_{drug}") != AdverseEvent.Relation.NOT_GIVEN
        text = "%(relation)s; %(action)s" if was_given else "%(relation)s"
        yield drug_name(drug), Message(text, params)
    expected = {True: gettext_noop("yes"), False: gettext_noop("no"), None: ""}[event.is_expected]
    yield _row(gettext_noop("Expected"), Message(expected) if expected else None)
    who = f"{event.assessed_by.get_username()}, {with_offset(event.assessed_at)}"
    yield _row(gettext_noop("Assessed"), who)


def _beside(participant: Participant) -> Iterator[Row]:
    medicines: Any = participant.concomitant_medications.in_force()
    for medicine in medicines:
        dose = f"{medicine.amount.normalize():f} {medicine.unit}" if medicine.amount else ""
        began = medicine.started_on.isoformat() if medicine.started_on else ""
        parts = (dose, medicine.frequency, began, medicine.indication)
        yield _text(medicine.name), _text(", ".join(filter(None, parts)) or "-")
    history: Any = participant.medical_history.in_force()
    for past in history:
        began = past.began_on.isoformat() if past.began_on else "-"
        yield _text(past.term), _text(began)
    if not medicines and not history:
        yield _row(gettext_noop("Other medicines and history"), NONE)


def _english(event: AdverseEvent, field: str) -> str:
    """A choice's label as the key of its translations, whatever the language in force."""
    with override("en"):
        return str(getattr(event, f"get_{field}_display")())
