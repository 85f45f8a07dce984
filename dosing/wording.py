"""Doses, times and durations in words, the same on every page of this room."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from django.utils import dateformat, timezone
from django.utils.translation import pgettext

from dosing.models import (
    Administration,
    DrugChoice,
    Hold,
    Lot,
    Order,
    Reaction,
    UnitChoice,
    VitalSigns,
)
from dosing.rules.labels import drawn_ml
from labs.models import Result
from labs.readings import read
from labs.rules.numbers import NO_BREAK_SPACE, half_up, plain, quantity
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop
from trial_site.units import spelled

DRUGS = {
    DrugChoice.IL2: gettext_noop("Interleukin-2"),
    DrugChoice.GANCICLOVIR: gettext_noop("Ganciclovir"),
}
UNITS = {UnitChoice.MG: gettext_noop("mg"), UnitChoice.MIU: gettext_noop("million IU")}
VOLUME_PLACES = 4  # decimals of a millilitre: a small syringe shows two
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


def signs_text(signs: VitalSigns) -> Message:
    """``Before the dose 07:55: 37.2 °C, 118/74 mmHg, 80 /min``: only what was measured."""
    units = {sign.code: sign.unit for sign in current().safety.vital_signs}
    values = {
        "temperature": signs.temperature and plain(signs.temperature),
        "systolic": _pressure(signs),
        "pulse": signs.pulse and str(signs.pulse),
        "spo2": signs.spo2 and str(signs.spo2),
    }
    measured = [
        f"{value}{NO_BREAK_SPACE}{spelled(units[code])}" for code, value in values.items() if value
    ]
    return Message(
        "%(when)s %(time)s: %(values)s",
        {
            "when": Message(str(VitalSigns.Timing(signs.timing).label)),
            "time": clock_text(signs.measured_at, timezone.localdate(signs.administration.slot_at)),
            "values": ", ".join(measured),
        },
    )


def _pressure(signs: VitalSigns) -> str:
    numbers = (signs.systolic, signs.diastolic)
    return "/".join(str(number) for number in numbers if number is not None)


def reaction_name(kind: str) -> Message:
    names = {row.code: row.name for row in current().safety.reactions}
    return Message(names.get(kind, kind))


def reaction_text(reaction: Reaction) -> Message:
    """``Redness at the site, grade 1, 25 mm``."""
    params: dict[str, str | Message] = {
        "kind": reaction_name(reaction.kind),
        "grade": str(reaction.grade),
    }
    if reaction.diameter_mm is None:
        return Message(gettext_noop("%(kind)s, grade %(grade)s"), params)
    params["diameter"] = quantity(reaction.diameter_mm, "mm")
    return Message(gettext_noop("%(kind)s, grade %(grade)s, %(diameter)s"), params)


def lot_in_words(lot: Lot) -> Message:
    """``Lot L2407-16, expires 30 Nov 2026``."""
    params = {"lot": lot.number, "day": day_text(lot.expires_on)}
    return Message(gettext_noop("Lot %(lot)s, expires %(day)s"), params)


def volume_text(amount: Decimal, lot: Lot) -> Message | None:
    """``0.1 mL of 10 million IU/mL``, where the vials of the lot say how they are dissolved."""
    if not lot.diluent_ml:
        return None
    volume = drawn_ml(amount, content=lot.content, diluent_ml=lot.diluent_ml)
    strength = Fraction(lot.content) / Fraction(lot.diluent_ml)
    params: dict[str, str | Message] = {
        "volume": f"{_shortest(volume, VOLUME_PLACES)}{NO_BREAK_SPACE}mL",
        "strength": _shortest(strength, VOLUME_PLACES),
        "unit": Message(UNITS[UnitChoice(lot.unit)]),
    }
    text = gettext_noop("%(volume)s of %(strength)s %(unit)s/mL")
    return Message(text, params)


def _shortest(value: Fraction, places: int) -> str:
    """To at most ``places`` decimals, without zeros at the end."""
    return plain(half_up(value, places))


def day_text(day: dt.date) -> str:
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return dateformat.format(day, pgettext("date format", "j M Y"))


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
