"""Doses, times and durations in words, the same on every page of this room."""

import datetime as dt
from decimal import Decimal

from django.utils import dateformat, timezone
from django.utils.translation import pgettext

from dosing.models import Administration, DrugChoice, Hold, Order, UnitChoice
from labs.models import Result
from labs.readings import read
from labs.rules.numbers import NO_BREAK_SPACE, plain
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

DRUGS = {
    DrugChoice.IL2: gettext_noop("Interleukin-2"),
    DrugChoice.GANCICLOVIR: gettext_noop("Ganciclovir"),
}
UNITS = {UnitChoice.MG: gettext_noop("mg"), UnitChoice.MIU: gettext_noop("million IU")}
ROUTES = {"SC": gettext_noop("Subcutaneous")}


def drug_name(drug: str) -> Message:
    return Message(DRUGS[DrugChoice(drug)])


def dose_text(amount: Decimal, unit: str) -> Message:
    """``1 million IU``, ``300 mg``: no trailing zero, the number never parted from its unit."""
    params: dict[str, str | Message] = {
        "amount": plain(amount),
        "unit": Message(UNITS[UnitChoice(unit)]),
    }
    return Message(f"%(amount)s{NO_BREAK_SPACE}%(unit)s", params)


def route(drug: str) -> Message:
    """How the protocol gives the drug."""
    if drug == DrugChoice.IL2:
        return Message(ROUTES[current().il2.route])
    return Message(
        gettext_noop("Intravenous, over %(minutes)s min"),
        {"minutes": str(current().ganciclovir.infusion_minutes)},
    )


def site_name(code: str) -> Message:
    """An injection site of the protocol in words."""
    return Message(dict(current().il2.injection_sites).get(code, code))


def what_happened(administration: Administration) -> Message:
    """``Given: 300 mg``; a dose that was not given has no amount."""
    status = Message(str(Administration.Status(administration.status).label))
    if not administration.delivered:
        return status
    dose = dose_text(administration.amount, administration.unit)
    return Message("%(status)s: %(dose)s", {"status": status, "dose": dose})


def order_text(order: Order) -> Message:
    return dosage_text(order.amount, order.unit, order.frequency)


def dosage_text(amount: Decimal, unit: str, frequency: str) -> Message:
    """``300 mg every 12 hours``."""
    return Message(
        "%(dose)s %(frequency)s",
        {
            "dose": dose_text(amount, unit),
            "frequency": str(Order.FrequencyChoice(frequency).label),
        },
    )


def hold_text(hold: Hold) -> Message:
    """``Held by the investigator since 18 Mar 09:42: ANC 0.42 ×10⁹/L (blood of 18 Mar 06:30)``."""
    return Message(
        gettext_noop("Held by the investigator since %(when)s: %(why)s"),
        {"when": clock_text(hold.held_at), "why": hold_cause(hold)},
    )


def hold_cause(hold: Hold) -> Message:
    """What caused a hold: the result with its blood, or the kind of reason; and the explanation."""
    what = result_text(hold.result) if hold.result else Message(str(hold.get_why_display()))
    return Message("%(what)s; %(note)s", {"what": what, "note": hold.note}) if hold.note else what


def result_text(result: Result) -> Message:
    """A result as a reason: ``Neutrophils 0.42 10^9/L (blood of 18 Mar 06:30)``."""
    return Message(
        gettext_noop("%(reason)s (blood of %(when)s)"),
        {"reason": read(result).named_value, "when": clock_text(result.collected_at)},
    )


def fixed_dose(drug: str) -> Message | None:
    """The dose that the protocol fixes, in words; ``None`` where it is worked out."""
    if drug != DrugChoice.IL2:
        return None
    rule = current().il2
    return dosage_text(rule.dose_miu, UnitChoice.MIU, rule.frequency)


def clock_text(at: dt.datetime, day: dt.date | None = None) -> str:
    """``08:05`` on the site's ``day``; on another one, or without it, ``17 Mar 08:05``."""
    local = timezone.localtime(at)
    if local.date() == day:
        return dateformat.format(local, "H:i")
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return dateformat.format(local, pgettext("date format", "j M H:i"))


def duration(span: dt.timedelta) -> Message:
    """Whole minutes: ``18 min``, ``25 h 37 min``."""
    hours, minutes = divmod(span // dt.timedelta(minutes=1), 60)
    if not hours:
        return Message(gettext_noop("%(minutes)s min"), {"minutes": str(minutes)})
    params = {"hours": str(hours), "minutes": str(minutes)}
    return Message(gettext_noop("%(hours)s h %(minutes)s min"), params)


def sentence(*parts: Message) -> Message | str:
    """Several messages as one, parted by semicolons; nothing for none."""
    if not parts:
        return ""
    names = [f"part{number}" for number in range(len(parts))]
    text = "; ".join(f"%({name})s" for name in names)
    return Message(text, dict(zip(names, parts, strict=True)))
