"""Every page, wide and narrow: axe-core finds nothing, and nothing needs sideways scrolling."""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal

import pytest
import time_machine
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import resolve, reverse
from playwright.sync_api import Page, expect

from dosing.actions.holds import hold_drug
from dosing.actions.lots import recall_lot
from dosing.actions.weights import record_weight
from enrollment.actions.participation import begin_rescue
from enrollment.models import SiteApproval
from labs.actions import Sample
from labs.actions.imports import take_file
from labs.actions.laboratories import add_range, register_assay
from labs.actions.receipts import receive_specimen, reject_specimen
from labs.rules.ranges import RangeRow
from labs.rules.setup import AssayRow
from outcomes.cuts.actions import freeze
from outcomes.models import Flag
from safety.actions.reports import send_report
from tests import factories
from tests.dosing import stocked
from tests.labs.examples import entered, hours_ago, safety, typed
from tests.labs.sent import as_csv, brought, confirmed, imported, laboratory_of, row
from tests.safety import harm
from tests.safety.conducted import recorded_about, sources
from tests.system.conftest import DESK, PHONE
from tests.system.steps import code_of, enter_credentials, fill, press, says
from tests.system.trial_in_progress import Trial, trial_in_progress
from trial_site import clock
from trial_site.access import pages
from trial_site.models import Site
from trial_site.roles import Role

AXE = "axe.run({resultTypes: ['violations']}).then(result => result.violations)"
NOWHERE = "/nowhere/"
FIGURE_TO_DRAW = "[data-figure-spec]:not(.is-live)"
# Addresses that answer with a file or with data, or to a form only; the last is switched off.
WITHOUT_A_PAGE = {
    "account_logout",
    "dosing:service-worker",
    "dosing:undo",
    "dosing:stock-accountability-download",
    "dosing:stock-ledger-download",
    "dosing:stock-recipients-download",
    "dosing:waiting",
    "enrollment:allocation-published",
    "enrollment:allocations-download",
    "enrollment:visits-file",
    "enrollment:visits-week-file",
    "enrollment:participants-download",
    "enrollment:screening-log-download",
    "labs:import-refused",
    "labs:inbox-download",
    "labs:index-download",
    "health-live",
    "health-ready",
    "mfa_download_recovery_codes",
    "outcomes:course-file",
    "outcomes:cut-changes-download",
    "outcomes:cut-values-download",
    "outcomes:endpoint-download",
    "outcomes:figure",
    "outcomes:flow-figure",
    "outcomes:recruitment-figure",
    "outcomes:registry-csv",
    "outcomes:registry-xml",
    "outcomes:report-file",
    "outcomes:safety-download",
    "outcomes:safety-figure",
    "outcomes:week-ahead-download",
    "oversight:audit-download",
    "safety:deviations-download",
    "safety:event-criteria",
    "safety:events-download",
    "set_language",
    "theme",
    "mfa_trust",
}
SECOND_FACTOR = (
    "mfa_index",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_deactivate_totp",
    "mfa_reauthenticate",
)
ON_THE_WAY = {
    "account_login",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_authenticate",
}


def screening(trial: Trial) -> list[str]:
    return [
        "/",
        "/screening/",
        "/screening/?flow=excluded&reason=E5&sort=-days",
        "/screening/new/",
        f"/screening/{trial.draft.number}/consent/",
        f"/screening/{trial.eligible.number}/consent/withdraw/",
        f"/screening/{trial.eligible.number}/end/",
        f"/screening/{trial.failed.number}/",
        f"/screening/{trial.failed.number}/edit/",
        "/labs/pcr/new/",  # refused
        NOWHERE,
    ]


def participants(trial: Trial) -> list[str]:
    treated = f"/participants/{trial.treated}/"
    return [
        "/participants/",
        "/participants/?arm=gcv&sort=-arm",
        treated,
        f"{treated}receipt/",
        f"{treated}allocation-error/",
        f"{treated}visits/",
        f"{treated}visits/D7/",
        f"{treated}visits/D0/correct/",
        f"{treated}visits/new/",
        f"{treated}visits/card/",
        "/visits/",
        f"{treated}disposition/",
        f"/participants/{trial.enrolled}/allocate/",
        "/allocation/",
        "/follow-up/",
        f"/follow-up/flags/{Flag.objects.filter(kind='visit').earliest('pk').pk}/",
        "/follow-up/week/",
        f"/history/labs.result/{trial.result.pk}/",
    ]


def ward(trial: Trial) -> list[str]:
    slot = [trial.il2.pk, trial.il2.starts_at + dt.timedelta(days=7)]
    return [
        "/",
        "/dosing/",
        "/dosing/?date=2026-03-17",
        "/dosing/offline/",
        reverse("dosing:give", args=slot),
        reverse("dosing:record", args=slot),
        f"/dosing/administrations/{trial.dose.pk}/correct/",
        f"/dosing/administrations/{trial.dose.pk}/in-error/",
        f"/dosing/administrations/{trial.dose.pk}/vital-signs/",
        f"/dosing/administrations/{trial.dose.pk}/reaction/",
        f"/dosing/administrations/{trial.dose.pk}/reaction/?kind=redness",
        f"/dosing/vital-signs/{trial.signs.pk}/",
        f"/dosing/vital-signs/{trial.signs.pk}/in-error/",
        f"/dosing/reactions/{trial.reaction.pk}/",
        f"/dosing/reactions/{trial.reaction.pk}/in-error/",
        f"/dosing/unplanned/{trial.treated}/",
        f"/dosing/unplanned/{trial.treated}/il2/",
    ]


def orders(trial: Trial) -> list[str]:
    return [
        "/",
        f"/screening/{trial.eligible.number}/confirm/",
        f"/participants/{trial.followed}/rescue/",
        f"/screening/{trial.eligible.number}/",
        f"/dosing/orders/{trial.allocated}/ganciclovir/new/",
        f"/dosing/orders/{trial.treated}/il2/new/",
        f"/dosing/orders/{trial.followed}/ganciclovir/new/",  # refused
        f"/dosing/withdraw/{trial.treated}/",
        *decisions(trial),
        f"/participants/{trial.enrolled}/assign/",
        f"/labs/results/{trial.held.results.get(analyte='anc').pk}/acknowledge/",
        "/protocol/",
    ]


def decisions(trial: Trial) -> list[str]:
    """Everything about the orders of somebody with a hold, a review, a weight and a rescue."""
    by, treated = factories.user(Role.INVESTIGATOR, trial.treated.site), trial.treated
    weight = record_weight(treated, kg=Decimal("58"), measured_at=hours_ago(2), by=by)
    entered(treated, safety("creatinine", "150", "µmol/L"))
    hold = hold_drug(treated, drug="ganciclovir", why="other", note="Rash", by=by)
    rescued = factories.withdrawn(trial.held)
    begin_rescue(rescued, why="Relapse", by=by)
    return [
        f"/dosing/orders/{treated}/",
        f"/dosing/orders/{treated}/il2/hold/",
        f"/dosing/orders/{treated}/il2/stop/",
        f"/dosing/holds/{hold.pk}/resume/",
        f"/dosing/reviews/{trial.ganciclovir.pk}/",
        f"/dosing/weights/{treated}/new/",
        f"/dosing/weights/{weight.pk}/correct/",
        f"/dosing/weights/{weight.pk}/in-error/",
        f"/dosing/orders/{rescued}/",
        f"/dosing/rescue/{rescued}/end/",
    ]


def conduct(trial: Trial) -> list[str]:
    """Deviations offered, recorded and declined; medicines with a warning; history."""
    who = trial.treated
    made, medicine, disease = recorded_about(who)
    source = sources(factories.user(Role.COORDINATOR, who.site), who)[0]
    deviation = f"/safety/deviations/{made.pk}/"
    offer = f"/safety/deviations/offers/{who}/{source}/"
    person = f"/safety/participants/{who}/"
    return [
        *("/safety/deviations/", "/safety/deviations/?kind=late_visit&state=assessed"),
        *("/safety/deviations/log/", "/safety/deviations/new/", offer, f"{offer}decline/"),
        *(deviation, f"{deviation}assess/", f"{deviation}correct/", f"{deviation}in-error/"),
        *(f"{person}medication/", f"{person}medication/new/"),
        f"/safety/participants/{trial.enrolled}/medication/",
        *(f"/safety/medication/{medicine.pk}/{do}/" for do in ("stop", "correct", "in-error")),
        *(f"{person}history/", f"{person}history/new/"),
        f"/safety/participants/{trial.enrolled}/history/",
        *(f"/safety/history/{disease.pk}/{do}/" for do in ("correct", "in-error")),
    ]


def stock(trial: Trial) -> list[str]:
    """A lot that was given from, counted and found wanting; a scan of one that is not here."""
    lot = stocked.lot(trial.treated.site)
    wasted = stocked.move(lot, "wasted", 25)
    scanned = "?scan=(01)09506000134352(17)270300(10)NEW-1"
    one = f"/dosing/stock/{lot.pk}/"
    return [
        "/",
        "/dosing/stock/",
        f"/dosing/stock/{scanned}",
        f"/dosing/stock/receive/il2/{scanned}",
        one,
        *(f"{one}{name}/" for name in ("receive", "return", "waste", "send-back", "count")),
        f"{one}correct/",
        f"/dosing/stock/entries/{wasted.pk}/reverse/",
        f"/dosing/stock/discrepancies/{wasted.discrepancy.pk}/explain/",
        "/dosing/stock/accountability/",
        "/dosing/stock/accountability/?by=participant",
    ]


def recalls(trial: Trial) -> list[str]:
    by = factories.user(Role.INVESTIGATOR, trial.treated.site)
    good = stocked.lot(trial.treated.site, number="GCV-2603")
    lot = stocked.lot(trial.treated.site, number="GCV-2602")
    recall_lot(lot, reason="Particles", version=1, by=by)
    one = f"/dosing/stock/{lot.pk}/"
    pages = ("", "recall/lift/", "recall/follow-up/")
    return ["/", f"/dosing/stock/{good.pk}/recall/", *(f"{one}{page}" for page in pages)]


def outcomes(trial: Trial) -> list[str]:
    return [
        "/outcomes/",
        "/outcomes/nk/",
        "/outcomes/ganciclovir/",
        "/outcomes/conversion/",
        "/outcomes/cytokines/",
        "/outcomes/sets/",
        f"/outcomes/samples/{trial.treated.subject}/nk_cytotoxicity/D0/",
        "/outcomes/safety/",
        "/outcomes/registry/",
        "/outcomes/report/",
        "/outcomes/flow/",
        "/outcomes/flow/participants/?arm=il2_gcv&step=received",
        "/outcomes/recruitment/",
        f"/participants/{trial.followed}/",
        f"/participants/{trial.treated}/course/?analyte={trial.result.analyte}",
        "/audit/?text=PKU-005",
        "/audit/tasks/",
    ]


def laboratory(trial: Trial) -> list[str]:
    return [
        "/",
        "/labs/",
        "/labs/pcr/new/",
        "/labs/pcr/run/",
        "/labs/flow/new/",
        "/labs/elisa/new/",
        "/labs/cytotoxicity/new/",
        "/labs/safety/new/",
        f"/labs/results/{trial.result.pk}/",
        f"/labs/results/{trial.result.pk}/correct/",
        f"/labs/results/{trial.result.pk}/in-error/",
        f"/labs/results/{trial.preliminary.pk}/",
        f"/labs/results/{trial.preliminary.pk}/finalise/",
        *plate(trial.assay.pk),
        f"/labs/cytotoxicity/{trial.repeat.pk}/choose/",
    ]


def plate(pk: int) -> list[str]:
    """A plate with two runs, a correction and a file, and what may be done with it."""
    pages = ("", "repeat/", "correct/", "in-error/", "files/")
    return [f"/labs/cytotoxicity/{pk}/{page}" for page in pages]


def importing(trial: Trial) -> list[str]:
    """Files to be mapped and to be confirmed, one under way, and one that is done."""
    who, laboratory = trial.held, laboratory_of(trial.held.site)
    rows = [row(who), row(who, "90000000", Collected=typed(hours_ago(5))), row("P-77")]
    done = imported(laboratory, *rows[:1], name="done.csv")
    waiting = brought(laboratory, as_csv(rows), name="waiting.csv")
    under_way = brought(laboratory, as_csv(rows[1:]), name="under-way.csv")
    confirmed(under_way)
    by = factories.user(Role.LAB, who.site)
    raw = take_file(laboratory, name="raw.csv", content=b"Who,ALT,Kind\nX,30,a\nY,31,b\n", by=by)
    return [
        "/labs/import/",
        "/labs/import/mappings/",
        f"/labs/import/{raw.pk}/",
        f"/labs/import/{raw.pk}/mapping/",
        f"/labs/import/{waiting.pk}/",
        f"/labs/import/{waiting.pk}/?outcome=asked",
        f"/labs/import/{waiting.pk}/mapping/",
        f"/labs/import/{waiting.pk}/discard/",
        f"/labs/import/{under_way.pk}/",
        f"/labs/import/{done.pk}/",
    ]


def inbox(trial: Trial) -> list[str]:
    """Specimens from their arrival on, and the laboratory that measures them."""
    by, who = factories.user(Role.LAB, trial.treated.site), trial.treated
    tube = receive_specimen(who, sample=Sample("serum", hours_ago(3), visit="D7"), by=by)
    spoilt = receive_specimen(who, sample=Sample("plasma", hours_ago(3)), by=by)
    reject_specimen(spoilt, why="Haemolysed", version=1, by=by)
    laboratory = laboratory_of(who.site)
    day = clock.today()
    normal = RangeRow("anc", "", "10^9/L", Decimal("1.8"), Decimal("6.3"), day, None)
    reference = add_range(laboratory, row=normal, by=by)
    kit = AssayRow("cmv_igm", "A kit", "index", positive_from=Decimal("1.00"))
    assay = register_assay(laboratory, row=kit, by=by)
    return [
        "/labs/inbox/",
        "/labs/inbox/?state=to_come&visit=M3",
        "/labs/inbox/?participant=PKU-999",
        "/labs/specimens/new/",
        f"/labs/specimens/{tube.pk}/",
        f"/labs/specimens/{tube.pk}/reject/",
        f"/labs/specimens/{tube.pk}/correct/",
        f"/labs/specimens/{spoilt.pk}/",
        "/labs/laboratories/",
        "/labs/laboratories/new/",
        f"/labs/laboratories/{laboratory.pk}/",
        f"/labs/laboratories/{laboratory.pk}/name/",
        f"/labs/laboratories/{laboratory.pk}/ranges/new/",
        f"/labs/laboratories/{laboratory.pk}/assays/new/",
        f"/labs/ranges/{reference.pk}/correct/",
        f"/labs/assays/{assay.pk}/correct/",
    ]


def safety_pages(trial: Trial) -> list[str]:
    """A serious event with a report, an assessed one, and what is offered."""
    serious = harm.event(trial.treated, harm.hospitalised())
    assessed = harm.assessed(harm.event(trial.held, term="Nausea", criteria_code="", grade=1))
    by = factories.user(Role.COORDINATOR, trial.treated.site)
    report = send_report(
        serious, recipient="sponsor", narrative="Admitted with fever.", version=1, by=by
    )
    offered = f"reaction:{harm.reaction(trial.treated, kind='redness', grade=1).pk}"
    event = f"/safety/events/{serious.pk}/"
    return [
        "/",
        "/safety/",
        "/safety/?serious=yes&sort=-grade",
        f"/safety/events/new/?offer={offered}",
        f"/safety/offers/{offered}/decline/",
        *(event, f"{event}correct/", f"{event}assess/", f"{event}serious/"),
        *(f"{event}in-error/", f"{event}report/", f"/safety/events/{assessed.pk}/"),
        f"/safety/reports/{report.pk}/",
        f"/participants/{trial.treated}/?kind=safety",
    ]


def papers(trial: Trial) -> list[str]:
    return ["/", "/consent-forms/", "/consent-forms/new/"]


def data_cuts(trial: Trial) -> list[str]:
    """A cut with a signature that the data manager has not given: both forms can be opened."""
    by = factories.user(Role.DATA_MANAGER, trial.treated.site, username="another-manager")
    cutoff = clock.now() - dt.timedelta(minutes=2)
    cut = freeze(cutoff, title="Interim", signature=factories.signature(by), by=by)
    one = f"/outcomes/cuts/{cut.number}/"
    pages = ("", "?check=1", "sign/", "withdraw/", "differences/")
    return ["/outcomes/cuts/", "/outcomes/cuts/new/", *(f"{one}{page}" for page in pages)]


def accounts(trial: Trial) -> list[str]:
    approval = SiteApproval.objects.get(site=trial.enrolled.site)
    return [
        "/",
        "/sites/",
        "/sites/PKU/approvals/new/",
        f"/sites/PKU/approvals/{approval.pk}/",
        "/sites/PKU/target/",
        "/accounts/",
        "/accounts/new/",
        "/accounts/mine/",
        "/accounts/edit/lab-pku/",
        "/accounts/password/change/",
    ]


def allocation(trial: Trial) -> list[str]:
    return [
        "/allocation/",
        "/allocation/plan/",
        "/allocation/generate/",
        "/allocation/import/",
        "/allocation/close/",
    ]


PAGES = [
    (Role.COORDINATOR, screening),
    (Role.COORDINATOR, participants),
    (Role.NURSE, ward),
    (Role.INVESTIGATOR, orders),
    (Role.NURSE, stock),
    (Role.INVESTIGATOR, recalls),
    (Role.INVESTIGATOR, outcomes),
    (Role.INVESTIGATOR, conduct),
    (Role.INVESTIGATOR, safety_pages),
    (Role.LAB, laboratory),
    (Role.LAB, inbox),
    (Role.LAB, importing),
    (Role.ADMIN, accounts),
    (Role.DATA_MANAGER, papers),
    (Role.DATA_MANAGER, data_cuts),
    (Role.STATISTICIAN, allocation),
]


def main_pages(trial: Trial) -> list[str]:
    """One of each kind, to be looked at in the dark as well."""
    return [
        "/",
        f"/screening/{trial.failed.number}/",
        f"/participants/{trial.treated}/",
        "/dosing/",
        f"/dosing/orders/{trial.allocated}/ganciclovir/new/",
        "/labs/",
        f"/labs/results/{trial.result.pk}/",
        f"/labs/cytotoxicity/{trial.assay.pk}/",
        f"/participants/{trial.treated}/course/",
        "/labs/inbox/",
        "/labs/import/",
        "/outcomes/",
        "/outcomes/safety/",
        "/outcomes/flow/",
        "/outcomes/recruitment/",
        "/screening/",
        "/follow-up/",
        "/safety/",
        "/safety/deviations/",
        f"/safety/participants/{trial.treated}/medication/",
    ]


def problems(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, wide and narrow, and whether it overflows."""
    found = []
    expect(page.locator(FIGURE_TO_DRAW)).to_have_count(0)
    page.evaluate(AXE_SCRIPT)
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        for rule in page.evaluate(AXE):
            nodes = [node["html"][:200] for node in rule["nodes"]]
            found.append(f"{page.url} at {width}: {rule['id']}, {rule['help']}: {nodes}")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{page.url} at {width}: wider than the window")
    return found


def problems_of(page: Page, paths: Iterable[str]) -> list[str]:
    found = []
    for path in paths:
        page.goto(path)
        found += problems(page)
    return found


@pytest.mark.browser
@pytest.mark.parametrize(("role", "paths"), PAGES)
def test_pages(
    role: Role,
    paths: Callable[[Trial], list[str]],
    sign_in: Callable[..., Page],
    morning: time_machine.Traveller,
    site: Site,
) -> None:
    trial = trial_in_progress(site, morning)
    assert problems_of(sign_in(role), paths(trial)) == []


def test_no_page_is_left_out(morning: time_machine.Traveller, site: Site) -> None:
    trial = trial_in_progress(site, morning)
    paths = [path for _, paths in PAGES for path in paths(trial) if path != NOWHERE]
    tested = {resolve(path.partition("?")[0]).view_name for path in paths}
    every = {name for name, methods in pages().items() if methods is None or "GET" in methods}
    assert tested | ON_THE_WAY | {*SECOND_FACTOR} == every - WITHOUT_A_PAGE


@pytest.mark.browser
def test_pages_of_signing_in(sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.INVESTIGATOR)
    page.goto(reverse("mfa_activate_totp"))
    found = problems(page)  # the password is asked for once more
    fill(page, {"Password": factories.PASSWORD})
    press(page, "Confirm")
    secret = page.get_by_label("Authenticator secret").input_value()
    found += problems(page)
    fill(page, {"Authenticator code": code_of(secret)})
    press(page, "Activate")
    says(page, "Recovery codes")
    found += problems_of(page, map(reverse, SECOND_FACTOR))
    press(page, "Sign out")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    found += problems(page)
    enter_credentials(page, "nobody")
    says(page, "Not signed in")
    found += problems(page)
    enter_credentials(page, "investigator-pku")
    fill(page, {"Code": "000000"})
    press(page, "Sign In")
    says(page, "Incorrect code")
    found += problems(page)
    assert found == []


@pytest.mark.browser
def test_refused_forms(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    trial = trial_in_progress(site, morning)
    page = sign_in(Role.COORDINATOR)
    page.goto(f"/screening/{trial.draft.number}/consent/")
    press(page, "Record consent")
    says(page, "Not saved")
    found = problems(page)
    page = sign_in(Role.LAB)
    page.goto("/labs/safety/new/")
    fill(page, {"Participant": trial.held.subject, "Neutrophils (ANC)": "low"})
    press(page, "Save result")
    says(page, "Not saved")
    found += problems(page)
    page.goto(f"/labs/results/{trial.result.pk}/correct/")
    fill(page, {"What is the result?": "90000000", "Why is the record changed?": "Mistyped"})
    press(page, "Save correction")
    says(page, "Is this right?")
    found += problems(page)
    assert found == []


@pytest.mark.browser
def test_dark_pages(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    trial = trial_in_progress(site, morning)
    page = sign_in(Role.INVESTIGATOR)
    press(page, "Dark theme")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert problems_of(page, main_pages(trial)) == []


@pytest.mark.browser
def test_worklists_of_those_who_read(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    trial_in_progress(site, morning)
    for role in (Role.MONITOR, Role.DATA_MANAGER, Role.STATISTICIAN):
        assert problems(sign_in(role)) == []
