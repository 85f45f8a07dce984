"""Data cuts: frozen, signed, checked, withdrawn; what differs since."""

import csv
import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from dosing.actions.doses import correct_dose
from dosing.checks import Given
from dosing.models import Administration
from enrollment.models import Participant
from outcomes.cuts.actions import countersign, freeze, withdraw_cut
from outcomes.cuts.changes import CHANGED, LATE, later_entries, value_differences
from outcomes.cuts.checking import check, seal_problems
from outcomes.cuts.content import contents_of, item_label, together
from outcomes.models import CutSignature, DataCut, FrozenSite
from outcomes.rules.differences import Difference, differences
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from tests.labs.examples import entered, pcr
from tests.outcomes.courses import with_lysis
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

django_db = pytest.mark.django_db
Login = Callable[[Role], Client]

TABLES = st.dictionaries(
    st.sampled_from(["P1", "P2", "P3"]),
    st.dictionaries(st.sampled_from(["arm", "mg"]), st.sampled_from(["1", "2"])),
)


# --- the comparison ---------------------------------------------------------------------------


def test_only_what_differs_is_told() -> None:
    then = {"P1": {"mg": "300", "arm": "a"}, "P2": {"mg": "600"}}
    now = {"P1": {"mg": "180", "arm": "a"}, "P2": {"mg": "600"}, "P3": {"mg": "", "arm": "b"}}
    assert differences(then, now) == [
        Difference("P1", "mg", "300", "180"),
        Difference("P3", "arm", "", "b"),
    ]


@given(TABLES)
def test_nothing_differs_from_itself(table: dict[str, dict[str, str]]) -> None:
    assert differences(table, table) == []


@given(TABLES, TABLES)
def test_differences_lead_from_one_to_the_other_and_back(
    then: dict[str, dict[str, str]], now: dict[str, dict[str, str]]
) -> None:
    there = differences(then, now)
    back = [Difference(d.subject, d.item, d.now, d.then) for d in differences(now, then)]
    assert there == back
    for one in there:
        assert then.get(one.subject, {}).get(one.item, "") == one.then
        assert now.get(one.subject, {}).get(one.item, "") == one.now


# --- freezing ---------------------------------------------------------------------------------


@pytest.fixture
def manager(site: Site) -> User:
    return factories.user(Role.DATA_MANAGER, site)


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(**span), tick=True)


def frozen_by(user: User, cutoff: dt.datetime | None = None, title: str = "Interim") -> DataCut:
    moment = cutoff or clock.now() - dt.timedelta(minutes=2)
    return freeze(moment, title=title, signature=factories.signature(user), by=user)


@pytest.fixture
def cut(treated: Participant, manager: User) -> DataCut:
    """The record an hour after everything was entered."""
    with_lysis(treated, "18.4", "27.9")
    moment = clock.now()
    with later(hours=1):
        return frozen_by(manager, moment)


@django_db
def test_a_cut_holds_values_heads_and_a_signature(
    cut: DataCut, treated: Participant, manager: User
) -> None:
    [part] = FrozenSite.objects.all()
    values = part.content[treated.subject]
    assert (values["nk:baseline"], values["nk:day7"], values["nk:change"]) == (
        "18.4", "27.9", "9.5",
    )  # fmt: skip
    assert cut.audit_heads[f"participant:{treated.pk}"][0] > 0
    [signature] = cut.signatures.all()
    assert (signature.signed_name, signature.meaning) == (manager.username, "frozen")
    for record in (cut, part, signature):
        assert AuditEntry.objects.filter(
            model=record._meta.label_lower, object_id=str(record.pk), action="created"
        ).exists()
    assert all(item_label(item) for item in values)


@django_db
def test_what_is_recorded_later_leaves_the_cut_as_it_was(
    cut: DataCut, treated: Participant, manager: User
) -> None:
    with later(hours=2):
        assert check(cut).is_same
        entered(treated, pcr("52000"))
        [dose] = treated.administrations.all()
        corrected(dose)
        factories.allocated(treated.site)
        assert check(cut).is_same
        assert value_differences(cut, manager)
        call_command("verify_cuts", stdout=StringIO())


def corrected(dose: Administration) -> None:
    """Somebody finds that another amount was given."""
    nurse = factories.user(Role.NURSE, dose.participant.site)
    correct_dose(
        dose,
        given=Given(dose.status, dose.amount + 60, dose.given_at),
        reason="Read off the wrong line",
        version=dose.version,
        by=nurse,
    )


@django_db
def test_refusals(treated: Participant, site: Site, manager: User) -> None:
    past = clock.now() + dt.timedelta(seconds=1)
    with later(hours=1):
        for cutoff, title, words in [
            (clock.now() + dt.timedelta(days=1), "Interim", "must be over"),
            (clock.now(), "Interim", "must be over"),
            (past, "  ", "title"),
            (dt.datetime(2001, 1, 1, tzinfo=dt.UTC), "Interim", "Nothing was recorded"),
        ]:
            with pytest.raises(Refused, match=words):
                frozen_by(manager, cutoff, title)
        frozen_by(manager, past)
        with pytest.raises(Refused, match="frozen already"):
            frozen_by(manager, past)
        for role in (Role.INVESTIGATOR, Role.STATISTICIAN, Role.MONITOR, Role.NURSE):
            with pytest.raises(PermissionDenied):
                frozen_by(factories.user(role, site), past)
        proof = factories.signature(manager)
        with later(minutes=2), pytest.raises(Refused, match="password again"):
            freeze(past - dt.timedelta(seconds=1), title="Late", signature=proof, by=manager)
    assert DataCut.objects.count() == 1


@django_db
@pytest.mark.requirement("R22")
def test_a_record_that_was_altered_is_not_frozen(treated: Participant, manager: User) -> None:
    altered(AuditEntry.objects.order_by("pk")[3], actor_name="somebody")
    with later(hours=1), pytest.raises(Refused, match="not as it was written"):
        frozen_by(manager)


def altered(row: models.Model, **columns: str) -> None:
    """As somebody with a hand in the database would do it: below the triggers, too."""
    table = row._meta.db_table
    with connection.cursor() as cursor:
        unguard(cursor, table)
        for name, value in columns.items():
            update = f"UPDATE {table} SET {name} = %s WHERE id = %s"  # noqa: S608
            cursor.execute(update, [value, row.pk])


def unguard(cursor: Any, table: str) -> None:
    if connection.vendor == "postgresql":
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits would forbid the next
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return
    cursor.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name=%s", [table])
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP TRIGGER {name}")


# --- signatures -------------------------------------------------------------------------------


@django_db
@pytest.mark.requirement("R12")
def test_investigator_and_statistician_sign_as_well_once(cut: DataCut, site: Site) -> None:
    for role, meaning in ((Role.INVESTIGATOR, "reviewed"), (Role.STATISTICIAN, "analysis")):
        by = factories.user(role, site)
        made = countersign(cut, signature=factories.signature(by), by=by)
        assert made.meaning == meaning
        with pytest.raises(Refused, match="signed this data cut already"):
            countersign(cut, signature=factories.signature(by), by=by)
    monitor = factories.user(Role.MONITOR, site)
    with pytest.raises(PermissionDenied):
        countersign(cut, signature=factories.signature(monitor), by=monitor)
    assert seal_problems(cut) == []


@django_db
@pytest.mark.requirement("R13")
def test_edited_content_is_found_and_not_signed(cut: DataCut, site: Site) -> None:
    [part] = FrozenSite.objects.all()
    altered(part, content='{"PKU-001": {"nk:change": "99"}}')
    assert [str(p) for p in seal_problems(cut)] == ["the frozen content is not what was signed"]
    found = check(cut)
    assert not found.is_same
    assert found.differing
    assert any("does not explain" in str(problem) for problem in found.problems)
    by = factories.user(Role.INVESTIGATOR, site)
    with pytest.raises(Refused, match="was altered"):
        countersign(cut, signature=factories.signature(by), by=by)
    with pytest.raises(CommandError, match="1 data cuts"):
        call_command("verify_cuts", stdout=StringIO(), stderr=StringIO())


@django_db
@pytest.mark.requirement("R13")
@pytest.mark.parametrize("column", ["title", "content_sha256", "audit_sha256", "code_version"])
def test_an_edited_cut_loses_its_signature(cut: DataCut, column: str) -> None:
    altered(cut, **{column: "else"})
    cut.refresh_from_db()
    assert any("does not belong" in str(problem) for problem in seal_problems(cut))


@django_db
@pytest.mark.requirement("R13")
def test_a_signature_copied_to_another_cut_does_not_hold(cut: DataCut, manager: User) -> None:
    with later(hours=2):
        other = frozen_by(manager, title="Final")
    [mine], [theirs] = cut.signatures.all(), other.signatures.all()
    altered(theirs, sha256=mine.sha256)
    assert seal_problems(cut) == []
    assert len(seal_problems(other)) == 1


@django_db
def test_a_signature_in_another_name_does_not_hold(cut: DataCut) -> None:
    altered(CutSignature.objects.get(), signed_name="somebody")
    assert len(seal_problems(cut)) == 1


# --- withdrawing ------------------------------------------------------------------------------


@django_db
def test_a_withdrawn_cut_stays_and_the_moment_can_be_frozen_again(
    cut: DataCut, manager: User, site: Site
) -> None:
    proof = factories.signature(manager)
    with pytest.raises(Refused, match="Say why"):
        withdraw_cut(cut, why=" ", signature=proof, by=manager)
    withdraw_cut(cut, why="Wrong day", signature=proof, by=manager)
    cut.refresh_from_db()
    assert (cut.withdrawn_why, cut.withdrawn_by) == ("Wrong day", manager)
    assert seal_problems(cut) == []
    with pytest.raises(Refused, match="withdrawn"):
        withdraw_cut(cut, why="Again", signature=proof, by=manager)
    by = factories.user(Role.INVESTIGATOR, site)
    with pytest.raises(Refused, match="withdrawn"):
        countersign(cut, signature=factories.signature(by), by=by)
    assert AuditEntry.objects.filter(model="outcomes.datacut", reason="Wrong day").exists()
    with later(hours=2):
        assert frozen_by(manager, cut.cutoff).number == cut.number + 1


# --- differences ------------------------------------------------------------------------------


@django_db
@pytest.mark.requirement("R14")
def test_changes_and_late_entries_show_with_what_they_do(
    cut: DataCut, treated: Participant, manager: User
) -> None:
    assert not later_entries(cut, manager)
    with later(hours=2):
        [dose] = treated.administrations.all()
        corrected(dose)
        entered(treated, pcr("52000"), hours=72)
        [changed] = later_entries(cut, manager, kind=CHANGED)
        assert changed.model == "dosing.administration"
        assert changed.reason == "Read off the wrong line"
        late = set(later_entries(cut, manager, kind=LATE).values_list("model", flat=True))
        assert "labs.result" in late
        assert not later_entries(cut, manager, text="no such record")


# --- the pages --------------------------------------------------------------------------------


@django_db
def test_the_pages_of_a_cut(
    cut: DataCut, login: Login, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for role in (Role.DATA_MANAGER, Role.INVESTIGATOR, Role.STATISTICIAN, Role.MONITOR):
        client = login(role)
        assert str(cut) in client.get("/outcomes/cuts/").content.decode()
        page = client.get(f"/outcomes/cuts/{cut.number}/").content.decode()
        assert "I froze these data" in page
        assert "il2_gcv" not in page
        with django_assert_max_num_queries(25):
            assert client.get(f"/outcomes/cuts/{cut.number}/differences/").status_code == 200
    checked = login(Role.MONITOR).get(f"/outcomes/cuts/{cut.number}/?check=1")
    assert "Checked now: same as signed" in checked.content.decode()


@django_db
def test_the_data_manager_freezes_with_the_password(
    treated: Participant, login: Login, manager: User
) -> None:
    with later(days=2):
        client = login(Role.DATA_MANAGER)
        page = client.get("/outcomes/cuts/new/")
        assert "What will be frozen" in page.content.decode()
        form = page.context["form"]
        data = {
            "entry_key": str(form["entry_key"].value()),
            "day": (clock.today() - dt.timedelta(days=1)).isoformat(),
            "title": "Interim analysis",
            "password": "wrong",
        }
        wrong = client.post("/outcomes/cuts/new/", data).content.decode()
        assert "nothing was signed" in wrong
        assert "Interim analysis" in wrong
        assert not DataCut.objects.exists()


@django_db
def test_a_cut_of_other_sites_is_not_there(cut: DataCut, other_site: Site, client: Client) -> None:
    client.force_login(factories.user(Role.DATA_MANAGER, other_site))
    assert str(cut) not in client.get("/outcomes/cuts/").content.decode()
    for page in ("", "differences/", "sign/", "withdraw/", "values.csv", "changes.csv"):
        assert client.get(f"/outcomes/cuts/{cut.number}/{page}").status_code == 404


@django_db
def test_the_content_of_a_cut_is_the_record_of_its_cut_off(cut: DataCut, site: Site) -> None:
    [part] = FrozenSite.objects.all()
    assert together(contents_of([site])) == part.content


def signed_form(client: Client, url: str, **fields: str) -> dict[str, str]:
    """What a person sends: the form's own key, the fields, and the right password."""
    form = client.get(url).context["form"]
    key = str(form["entry_key"].value())
    return {"entry_key": key, "password": factories.PASSWORD, **fields}


@django_db
def test_a_form_freezes_signs_and_is_saved_once(
    treated: Participant, login: Login, manager: User
) -> None:
    with later(days=2):
        client = login(Role.DATA_MANAGER)
        day = clock.today() - dt.timedelta(days=1)
        data = signed_form(client, "/outcomes/cuts/new/", day=day.isoformat(), title="Interim")
        page = client.post("/outcomes/cuts/new/", data, follow=True).content.decode()
        assert "Frozen and signed" in page
        assert "I froze these data" in page
        again = client.post("/outcomes/cuts/new/", data, follow=True).content.decode()
        assert "saved already" in again
    [cut] = DataCut.objects.all()
    assert (cut.title, timezone.localdate(cut.cutoff), cut.made_by) == ("Interim", day, manager)
    assert cut.signatures.count() == 1


@django_db
def test_a_form_signs_as_well(cut: DataCut, login: Login) -> None:
    url = f"/outcomes/cuts/{cut.number}/sign/"
    client = login(Role.INVESTIGATOR)
    data = signed_form(client, url)
    wrong = client.post(url, {**data, "password": "wrong"}).content.decode()
    assert "nothing was signed" in wrong
    assert cut.signatures.count() == 1
    page = client.post(url, data, follow=True).content.decode()
    assert "I reviewed these data and answer for them" in page
    assert "saved already" in client.post(url, data, follow=True).content.decode()
    another = client.post(url, signed_form(client, url)).content.decode()
    assert "signed this data cut already" in another
    assert cut.signatures.count() == 2


@django_db
def test_a_form_withdraws(cut: DataCut, login: Login) -> None:
    url = f"/outcomes/cuts/{cut.number}/withdraw/"
    client = login(Role.DATA_MANAGER)
    data = signed_form(client, url, why="Wrong day")
    wrong = client.post(url, {**data, "password": "wrong"}).content.decode()
    assert "nothing was signed" in wrong
    assert "Wrong day" in wrong
    assert DataCut.objects.in_force().exists()
    page = client.post(url, data, follow=True).content.decode()
    assert "Wrong day" in page
    assert "saved already" in client.post(url, data, follow=True).content.decode()
    assert not DataCut.objects.in_force().exists()


@django_db
def test_forms_are_for_their_roles_and_sites(
    cut: DataCut, login: Login, other_site: Site, client: Client
) -> None:
    one = f"/outcomes/cuts/{cut.number}/"
    for role, urls in {
        Role.INVESTIGATOR: ["/outcomes/cuts/new/", f"{one}withdraw/"],
        Role.STATISTICIAN: ["/outcomes/cuts/new/", f"{one}withdraw/"],
        Role.MONITOR: ["/outcomes/cuts/new/", f"{one}withdraw/", f"{one}sign/"],
    }.items():
        for url in urls:
            assert login(role).post(url).status_code == 403, (role, url)
    client.force_login(factories.user(Role.DATA_MANAGER, other_site))
    for url in (f"{one}sign/", f"{one}withdraw/"):
        assert client.post(url).status_code == 404
    assert cut.signatures.count() == 1


def lines_of(client: Client, url: str) -> list[dict[str, str]]:
    response = client.get(url)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(response.getvalue().decode())))


@django_db
def test_the_files_of_differences(cut: DataCut, treated: Participant, login: Login) -> None:
    client, one = login(Role.STATISTICIAN), f"/outcomes/cuts/{cut.number}/"
    assert lines_of(client, f"{one}values.csv") == []
    assert lines_of(client, f"{one}changes.csv") == []
    with later(minutes=5):
        [dose] = treated.administrations.all()
        corrected(dose)
        client = login(Role.STATISTICIAN)
        changes = lines_of(client, f"{one}changes.csv")
        assert {row["reason"] for row in changes} == {"Read off the wrong line"}
        assert lines_of(client, f"{one}changes.csv?kind={LATE}") == []
        for row in lines_of(client, f"{one}values.csv"):
            assert row["subject"] == treated.subject
            assert row["frozen"] != row["now"]


@django_db
def test_the_dashboard_tells_what_differs_since_the_latest_cut(
    cut: DataCut,
    treated: Participant,
    login: Login,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    assert "0 differences since" in login(Role.MONITOR).get("/outcomes/").content.decode()
    with later(minutes=5):
        [dose] = treated.administrations.all()
        corrected(dose)
        page = login(Role.MONITOR).get("/outcomes/").content.decode()
        assert "1 difference since" in page
        assert f"/outcomes/cuts/{cut.number}/differences/" in page
        client = login(Role.MONITOR)
        client.get("/protocol/")
        with django_assert_max_num_queries(6):
            assert "1 difference since" in client.get("/outcomes/").content.decode()
        past = clock.today() - dt.timedelta(days=1)
        looked_back = login(Role.MONITOR).get(f"/outcomes/?as_of={past}").content.decode()
        assert "difference since" not in looked_back


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("R24")
def test_one_cut_off_frozen_by_many_at_once_is_one_cut() -> None:
    site = factories.site()
    factories.allocated(site)
    managers = [factories.user(Role.DATA_MANAGER, site, username=f"dm-{n}") for n in range(4)]
    moment = clock.now()
    with one_crowd_at_a_time(), later(hours=1):

        def attempt(number: int) -> str:
            try:
                frozen_by(managers[number], moment)
            except Refused as refused:
                return str(refused.message)
            return "frozen"

        assert at_once(attempt, 4) == {"frozen": 1, "This cut-off is frozen already": 3}
    assert [cut.number for cut in DataCut.objects.all()] == [1]
    assert CutSignature.objects.count() == 1
