"""The accounts that a simulated trial is played by, and the facts of its patients."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings

from dosing.models import Lot
from enrollment.actions.consent import register_consent_version
from enrollment.actions.sites import record_approval, set_target
from enrollment.facts import (
    Operator,
    QualitativeResult,
    ScreeningFacts,
    Sex,
    SteroidDose,
    ViralLoad,
)
from enrollment.models import ConsentVersion
from labs.models import Laboratory
from oversight.accounts import create_account, create_site, system_actor
from simulation.disease import LLOQ, LOD, Patient
from simulation.laboratory import set_up
from simulation.samples import PCR_ASSAY
from simulation.stock import stocked
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

ENROLS_DAYS = 240
APPROVED_BEFORE, APPROVED_DAYS = 150, 365  # so that the demo's approval runs out in two months
SITE_CODE, SITE_NAME = "PKU", "Peking University People's Hospital"


@dataclass(frozen=True)
class Staff:
    """One account a role, at one site."""

    site: Site
    accounts: dict[Role, User]
    consent_form: ConsentVersion
    laboratory: Laboratory
    lots: Mapping[str, Lot]

    def __getitem__(self, role: Role) -> User:
        return self.accounts[role]


def demo_staff(participants: int = 10) -> Staff:
    """The demo's site, accounts and stock, made where they are missing.  The password is public.

    The stock is enough for so many ``participants``.
    """
    scheduler = system_actor()
    site = Site.objects.filter(code=SITE_CODE).first() or create_site(
        code=SITE_CODE, name=SITE_NAME, by=scheduler
    )
    accounts = {user.role: user for user in User.objects.filter(username__in=list(PEOPLE))}
    for role in sorted(PEOPLE - accounts.keys()):
        accounts[role] = create_account(
            username=role, role=role, sites=[site], password=settings.DEMO_PASSWORD, by=scheduler
        )
    laboratory = set_up(site, accounts[Role.LAB])
    staff = {Role(role): user for role, user in accounts.items()}
    lots = stocked(site, participants, accounts[Role.NURSE])
    return Staff(site, staff, _papers(site), laboratory, lots)


def _papers(site: Site) -> ConsentVersion:
    """What a site needs before it may enrol: approval, target, and a consent form."""
    day, scheduler = clock.today(), system_actor()
    if not site.approvals.exists():
        record_approval(
            site,
            number="DEMO-2026-012",
            approved_on=day - dt.timedelta(days=APPROVED_BEFORE),
            expires_on=day + dt.timedelta(days=APPROVED_DAYS - APPROVED_BEFORE),
            protocol_version=current().version,
            by=scheduler,
        )
        set_target(
            site,
            participants=current().identification.enrolment_target,
            starts_on=day,
            ends_on=day + dt.timedelta(days=ENROLS_DAYS),
            by=scheduler,
        )
    return ConsentVersion.objects.filter(valid_to=None).first() or register_consent_version(
        version_label="1.1",
        language="zh-hans",
        valid_from=day,
        file_sha256=hashlib.sha256(b"A fictional consent form, version 1.1").hexdigest(),
        by=scheduler,
    )


def eligible_facts(patient: Patient, day: dt.date) -> ScreeningFacts:
    """Facts of ``patient``, screened on ``day``, that pass every criterion."""
    before = day - dt.timedelta(days=1)
    draw = patient.random
    female = patient.sex is Sex.FEMALE
    return ScreeningFacts(
        birth_date=dt.date(day.year - patient.birth_year_offset, draw.randint(1, 12), 14),
        sex=patient.sex,
        weight_kg=patient.weight_kg,
        weight_on=before,
        diagnosis="sle",
        criteria_set=current().criteria_sets["sle"][-1],
        diagnosis_on=day - dt.timedelta(days=draw.randint(200, 4000)),
        diagnosis_attested=True,
        cmv=ViralLoad(
            operator=Operator.EQUAL,
            value=patient.copies(before, None),
            unit=current().pcr.unit,
            specimen=current().pcr.specimen,
            assay=PCR_ASSAY,
            lloq=LLOQ,
            lod=LOD,
            collected_on=before,
        ),
        steroids=tuple(
            SteroidDose(day - dt.timedelta(days=back), "methylprednisolone", Decimal(24))
            for back in range(1, 8)
        ),
        creatinine=patient.creatinine(),
        creatinine_unit="µmol/L",
        creatinine_collected_on=before,
        alt=Decimal(draw.randint(14, 60)),
        alt_uln=Decimal(40),
        ast=Decimal(draw.randint(14, 60)),
        ast_uln=Decimal(35),
        bilirubin=Decimal(draw.randint(6, 20)),
        bilirubin_uln=Decimal("21.0"),
        bilirubin_unit="µmol/L",
        liver_collected_on=before,
        infections=dict.fromkeys(_infection_tests(), QualitativeResult.NEGATIVE),
        infection_dates=dict.fromkeys(_infection_tests(), before),
        febrile=False,
        other_infection=False,
        il2_allergy=False,
        ganciclovir_allergy=False,
        heart_failure=False,
        other_severe_disease=False,
        malignancy=False,
        uncontrolled_psychiatric=False,
        childbearing_potential=True if female else None,
        hcg=QualitativeResult.NEGATIVE if female else None,
        hcg_on=before if female else None,
        breastfeeding=False if female else None,
    )


def _infection_tests() -> list[str]:
    """The tests of one blood sample that leave no infection open."""
    required = [test for test in current().infection_tests if test.required]
    return [*(test.code for test in required if test.group != "other"), "ebv_dna"]


def failing_facts(patient: Patient, day: dt.date) -> ScreeningFacts:
    """A screen failure: the corticosteroid dose is at the limit, which does not pass."""
    facts = eligible_facts(patient, day)
    dose = SteroidDose(day - dt.timedelta(days=2), "methylprednisolone", Decimal(48))
    return replace(facts, weight_kg=Decimal("60.0"), steroids=(*facts.steroids[2:], dose))


def undecided_facts(patient: Patient, day: dt.date) -> ScreeningFacts:
    """AST is still missing: unknown, so the patient cannot enter."""
    return replace(eligible_facts(patient, day), ast=None)
