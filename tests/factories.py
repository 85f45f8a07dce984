"""Records for tests, made through the real actions, in the states that a trial passes through."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from dosing.actions.doses import record_dose
from dosing.actions.orders import order_drug
from dosing.actions.withdrawal import withdraw_drugs
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order, Withdrawal
from enrollment.actions.allocation import allocate
from enrollment.actions.allocation_lists import generate_allocation_lists
from enrollment.actions.consent import (
    record_consent,
    register_consent_version,
    withdraw_consent,
)
from enrollment.actions.participation import enrol
from enrollment.actions.screening import confirm_eligibility, start_screening, submit_screening
from enrollment.actions.sites import record_approval
from enrollment.facts import QualitativeResult, ScreeningFacts, Sex, ViralLoad
from enrollment.models import (
    AllocationList,
    Consent,
    ConsentVersion,
    Participant,
    Screening,
    SiteApproval,
)
from oversight.accounts import create_account, create_site, system_actor
from oversight.signing import Signature
from tests.remembered import remembered
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

PASSWORD = "a long password for tests only"  # noqa: S105
MORNING = dt.time(8, 0)
INFECTION_TESTS = [
    test.code
    for test in current().infection_tests
    if test.code not in {"other_infection", "hbv_dna", "hcv_rna", "blood_culture"}
]


@remembered
def site(
    code: str = "PKU", name: str = "Peking University People's Hospital", *, active: bool = True
) -> Site:
    """A site; ``active``, with an ethics approval around today."""
    made = create_site(code=code, name=name, by=system_actor())
    if active:
        approval(made)
    return made


def approval(at: Site, **changes: Any) -> SiteApproval:
    """An approval of the protocol in force, from a hundred days ago for two years."""
    given = clock.today() - dt.timedelta(days=100)
    values: dict[str, Any] = {
        "number": "2026PHB012-01",
        "approved_on": given,
        "expires_on": given + dt.timedelta(days=730),
        "protocol_version": current().version,
    }
    return record_approval(at, **values | changes, by=system_actor())


def consent_form(
    label: str = "1.1", language: str = "zh-hans", valid_from: dt.date | None = None
) -> ConsentVersion:
    """A version of the consent form; the first is valid from a hundred days ago on."""
    found = ConsentVersion.objects.filter(version_label=label, language=language).first()
    since = valid_from or clock.today() - dt.timedelta(days=100)
    return found or _new_consent_form(label, language, since)


@remembered
def _new_consent_form(label: str, language: str, valid_from: dt.date) -> ConsentVersion:
    return register_consent_version(
        version_label=label,
        language=language,
        valid_from=valid_from,
        file_sha256="0123456789abcdef" * 4,
        by=system_actor(),
    )


def sign_consent(made: Screening, label: str = "1.1", **changes: Any) -> Consent:
    """A signature below version ``label``, of the day before yesterday."""
    values: dict[str, Any] = {
        "form": consent_form(label),
        "signed_at": clock.now() - dt.timedelta(days=2),
        "explained_by": "Dr Wang",
        "by": user(Role.COORDINATOR, made.site),
    }
    return record_consent(made, **values | changes)


def withdraw(participant: Participant, why: str = "Changed her mind") -> None:
    """The consent is withdrawn now."""
    withdraw_consent(
        participant.screening,
        withdrawn_at=clock.now(),
        why=why,
        by=user(Role.COORDINATOR, participant.site),
    )


def signature(by: User) -> Signature:
    """As after the right password."""
    return Signature(by, clock.now())


def user(role: Role, *sites: Site, username: str | None = None) -> User:
    name = username or f"{role.value}-{sites[0].code.lower() if sites else 'nowhere'}"
    return User.objects.filter(username=name).first() or _new_user(name, role, *sites)


@remembered
def _new_user(name: str, role: Role, *sites: Site) -> User:
    return create_account(
        username=name, role=role, sites=sites, password=PASSWORD, by=system_actor()
    )


@remembered
def staff(at: Site) -> dict[Role, User]:
    """One account of each role."""
    return {role: user(role, at) for role in Role if role is not Role.SYSTEM}


def eligible_facts(on: dt.date | None = None, **changes: Any) -> ScreeningFacts:
    """Facts that pass every criterion on the day ``on`` (today without one)."""
    day = on or clock.today()
    before = day - dt.timedelta(days=1)
    values: dict[str, Any] = {
        "birth_date": day.replace(year=day.year - 41, day=1),
        "sex": Sex.FEMALE,
        "weight_kg": Decimal("60.0"),
        "weight_on": before,
        "diagnosis": "sle",
        "criteria_set": current().criteria_sets["sle"][0],
        "diagnosis_on": day - dt.timedelta(days=700),
        "diagnosis_attested": True,
        "cmv": ViralLoad(
            operator="=",
            value=Decimal("52000"),
            unit="copies/mL",
            specimen="plasma",
            assay="PCR-CMV-2",
            lloq=Decimal("500"),
            lod=Decimal("200"),
            collected_on=before,
        ),
        "no_steroids": True,
        "creatinine": Decimal("62"),
        "creatinine_unit": "µmol/L",
        "creatinine_collected_on": before,
        "alt": Decimal("22"),
        "alt_uln": Decimal("40"),
        "ast": Decimal("20"),
        "ast_uln": Decimal("35"),
        "bilirubin": Decimal("12.4"),
        "bilirubin_uln": Decimal("21.0"),
        "bilirubin_unit": "µmol/L",
        "liver_collected_on": before,
        "infections": dict.fromkeys(INFECTION_TESTS, QualitativeResult.NEGATIVE),
        "infection_dates": dict.fromkeys(INFECTION_TESTS, before),
        "febrile": False,
        "other_infection": False,
        "il2_allergy": False,
        "ganciclovir_allergy": False,
        "heart_failure": False,
        "other_severe_disease": False,
        "malignancy": False,
        "uncontrolled_psychiatric": False,
        "childbearing_potential": True,
        "hcg": QualitativeResult.NEGATIVE,
        "hcg_on": before,
        "breastfeeding": False,
    }
    return ScreeningFacts(**values | changes)


@remembered
def screening(at: Site, facts: ScreeningFacts | None = None, *, consent: bool = True) -> Screening:
    """A draft; with ``consent`` signed the day before yesterday."""
    coordinator = user(Role.COORDINATOR, at)
    made = start_screening(site=at, facts=facts or eligible_facts(), by=coordinator)
    if consent:
        sign_consent(made)
    return Screening.objects.get(pk=made.pk)


@remembered
def submitted(at: Site, facts: ScreeningFacts | None = None) -> Screening:
    made = screening(at, facts)
    return submit_screening(made, version=made.version, by=user(Role.COORDINATOR, at))


@remembered
def confirmed(at: Site, facts: ScreeningFacts | None = None) -> Screening:
    made = submitted(at, facts)
    by = user(Role.INVESTIGATOR, at)
    return confirm_eligibility(made, version=made.version, signature=signature(by), by=by)


@remembered
def enrolled(at: Site, facts: ScreeningFacts | None = None) -> Participant:
    return enrol(confirmed(at, facts), by=user(Role.COORDINATOR, at))


def allocation_list(length: int = 20, seed: str = "TEST-SEED-0001") -> AllocationList:
    """The trial's list; with this seed it opens A B B A B A B A (A: IL-2 + ganciclovir)."""
    return AllocationList.objects.first() or _new_allocation_list(length, seed)


@remembered
def _new_allocation_list(length: int, seed: str) -> AllocationList:
    statistician = user(Role.STATISTICIAN, username="statistician-list")
    return generate_allocation_lists(by=statistician, length=length, seed=seed)[0]


@remembered
def allocated(at: Site, arm: str | None = None) -> Participant:
    """An allocated participant; with ``arm``, the first that the list sends there."""
    allocation_list()
    while True:
        participant = enrolled(at)
        allocate(participant, by=user(Role.COORDINATOR, at))
        participant = Participant.objects.get(pk=participant.pk)
        if arm in (None, participant.arm):
            return participant


def local(day: dt.date, time: dt.time = MORNING) -> dt.datetime:
    """A moment of the site's day."""
    return dt.datetime.combine(day, time, tzinfo=ZoneInfo(settings.TIME_ZONE))


@remembered
def order(
    participant: Participant,
    drug: DrugChoice = DrugChoice.GANCICLOVIR,
    *,
    starts_at: dt.datetime | None = None,
    amount: Decimal | None = None,
    frequency: str = "q12h",
    **changes: Any,
) -> Order:
    """An open order from eight o'clock of today on."""
    usual = Decimal("300") if drug is DrugChoice.GANCICLOVIR else current().il2.dose_miu
    return order_drug(
        participant,
        drug=drug,
        amount=amount or usual,
        frequency=frequency if drug is DrugChoice.GANCICLOVIR else "q24h",
        starts_at=starts_at or local(clock.today()),
        departure_reason="As the test needs it",
        **changes,
        by=user(Role.INVESTIGATOR, participant.site),
    )


@remembered
def dose(
    made: Order, slot_at: dt.datetime, given: Given | None = None, **changes: Any
) -> Administration:
    """A dose recorded at ``slot_at``, given as ordered unless said otherwise."""
    what = given or Given(Administration.Status.GIVEN, made.amount, slot_at, **changes)
    if timezone.localdate(slot_at) < clock.today():
        what = replace(what, late_reason=what.late_reason or "Copied from the ward's paper")
    return record_dose(
        made,
        slot_at=slot_at,
        given=what,
        by=user(Role.NURSE, made.participant.site),
        key=uuid4(),
    )


def withdrawn(participant: Participant, note: str = "Conversion", **changes: Any) -> Participant:
    """The drugs are withdrawn now, signed by the site's investigator."""
    by = changes.pop("by", None) or user(Role.INVESTIGATOR, participant.site)
    values = {"why": Withdrawal.Reason.CONVERTED, "signature": signature(by)}
    withdraw_drugs(participant, note=note, by=by, **values | changes)
    return Participant.objects.get(pk=participant.pk)


@remembered
def on_treatment(at: Site, arm: str | None = None, *, days_ago: int = 1) -> Participant:
    """A participant whose first ganciclovir was given at eight, ``days_ago`` days ago."""
    participant = allocated(at, arm)
    starts_at = local(clock.today() - dt.timedelta(days=days_ago))
    dose(order(participant, starts_at=starts_at), starts_at)
    return Participant.objects.get(pk=participant.pk)
