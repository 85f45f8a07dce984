"""What every record owes an inspector: actor, reason, versions, one chain after another."""

import datetime as dt
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from enrollment.models import Consent, Screening
from oversight import verification
from oversight.recording import (
    AlreadyRecorded,
    ReasonRequired,
    UnrecordedWrite,
    event,
    recorded,
)
from oversight.records import StaleRecord, locked
from oversight.trail import AppendOnly, AuditAction, AuditChain, AuditEntry
from tests import factories
from trial_site.models import Site, Undeletable, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(site: Site) -> Screening:
    return factories.screening(site)


def entries_of(record: object) -> list[AuditEntry]:
    label, pk = record._meta.label_lower, str(record.pk)  # type: ignore[attr-defined]
    return list(AuditEntry.objects.filter(model=label, object_id=pk).order_by("sequence"))


@pytest.mark.requirement("R01")
def test_first_entry_and_change_are_audited_field_by_field(
    draft: Screening, staff: dict[Role, User]
) -> None:
    coordinator = staff[Role.COORDINATOR]
    with recorded(by=coordinator, reason="Typed for the wrong version"):
        draft.protocol_version = "9.9"
        draft.save()

    first, change = entries_of(draft)
    assert first.action == AuditAction.CREATED
    assert first.changes["number"] == [None, draft.number]
    assert change.action == AuditAction.CHANGED
    assert change.changes == {"protocol_version": ["1.0", "9.9"]}
    assert (change.actor, change.role) == (coordinator, Role.COORDINATOR)
    assert change.reason == "Typed for the wrong version"
    assert change.at.utcoffset() == dt.timedelta(0)
    assert draft.history.count() == 2


@pytest.mark.requirement("R04")
def test_a_change_without_a_reason_changes_nothing(
    draft: Screening, staff: dict[Role, User]
) -> None:
    draft.protocol_version = "9.9"
    with pytest.raises(ReasonRequired), recorded(by=staff[Role.COORDINATOR]):
        draft.save()
    assert Screening.objects.get(pk=draft.pk).protocol_version == "1.0"
    assert len(entries_of(draft)) == 1


@pytest.mark.requirement("R32")
def test_a_write_outside_recorded_never_reaches_the_database(draft: Screening) -> None:
    draft.protocol_version = "9.9"
    with pytest.raises(UnrecordedWrite):
        draft.save()
    assert Screening.objects.get(pk=draft.pk).protocol_version == "1.0"


@pytest.mark.requirement("R32")
def test_a_deactivated_account_writes_nothing(staff: dict[Role, User]) -> None:
    nurse = staff[Role.NURSE]
    nurse.is_active = False
    with pytest.raises(PermissionDenied), recorded(by=nurse):
        pytest.fail("the block must not run")


@pytest.mark.requirement("R03")
@pytest.mark.parametrize("bypass", ["update", "delete", "bulk_create", "bulk_update"])
def test_queryset_writes_are_refused(draft: Screening, bypass: str) -> None:
    arguments = {
        "update": {"number": "X"},
        "delete": {},
        "bulk_create": {"objs": [draft]},
        "bulk_update": {"objs": [draft], "fields": ["number"]},
    }[bypass]
    with pytest.raises(UnrecordedWrite):
        getattr(Screening.objects.all(), bypass)(**arguments)


@pytest.mark.requirement("R03")
def test_nothing_is_deleted(draft: Screening, staff: dict[Role, User], site: Site) -> None:
    with pytest.raises(UnrecordedWrite):
        draft.delete()
    with pytest.raises(Undeletable):
        staff[Role.NURSE].delete()
    with pytest.raises(Undeletable):
        site.delete()
    with pytest.raises(AppendOnly):
        entries_of(draft)[0].delete()


def test_a_save_that_changes_nothing_leaves_no_trace(
    draft: Screening, staff: dict[Role, User]
) -> None:
    version = draft.version
    with recorded(by=staff[Role.COORDINATOR], reason="again"):
        draft.save()
    assert (draft.version, len(entries_of(draft))) == (version, 1)


def test_what_raises_inside_the_block_is_undone_whole(
    draft: Screening, staff: dict[Role, User]
) -> None:
    before = AuditEntry.objects.count()

    def save_and_fail() -> None:
        with recorded(by=staff[Role.COORDINATOR], reason="x"):
            draft.protocol_version = "9.9"
            draft.save()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save_and_fail()
    assert Screening.objects.get(pk=draft.pk).protocol_version == "1.0"
    assert AuditEntry.objects.count() == before


def test_a_block_inside_another_keeps_its_own_reason_and_one_transaction(
    draft: Screening, staff: dict[Role, User]
) -> None:
    coordinator = staff[Role.COORDINATOR]
    with recorded(by=coordinator, reason="outer"):
        with recorded(by=coordinator, reason="inner"):
            event("inside")
        event("outside")
    reasons = dict(AuditEntry.objects.exclude(event="").values_list("event", "reason"))
    assert (reasons["inside"], reasons["outside"]) == ("inner", "outer")


def test_nobody_writes_inside_somebody_elses_recording(staff: dict[Role, User]) -> None:
    with pytest.raises(UnrecordedWrite), recorded(by=staff[Role.NURSE]):  # noqa: SIM117
        with recorded(by=staff[Role.LAB]):
            pytest.fail("the block must not run")


def test_a_form_key_is_spent_once(staff: dict[Role, User]) -> None:
    key = uuid4()
    with recorded(by=staff[Role.NURSE], key=key):
        event("first")
    with pytest.raises(AlreadyRecorded), recorded(by=staff[Role.NURSE], key=key):
        event("second")
    assert not AuditEntry.objects.filter(event="second").exists()


def test_a_stale_version_is_refused_and_shows_the_record_as_it_is(
    draft: Screening, staff: dict[Role, User]
) -> None:
    opened_on = draft.version
    with recorded(by=staff[Role.COORDINATOR], reason="meanwhile"):
        draft.protocol_version = "9.9"
        draft.save()
    with pytest.raises(StaleRecord) as stale, recorded(by=staff[Role.COORDINATOR]):
        locked(Screening.objects.filter(pk=draft.pk), version=opened_on)
    assert stale.value.record.protocol_version == "9.9"  # type: ignore[attr-defined]


def test_participants_have_their_own_chains(site: Site) -> None:
    first, second = factories.enrolled(site), factories.enrolled(site)
    names = set(AuditChain.objects.values_list("name", flat=True))
    assert names == {"trial", f"participant:{first.pk}", f"participant:{second.pk}"}
    assert list(verification.verify()) == []


@pytest.mark.requirement("R02")
@pytest.mark.parametrize("table", ["oversight_auditentry", "enrollment_historicalconsent"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_the_database_refuses_to_alter_history(site: Site, table: str, statement: str) -> None:
    from django.db import DatabaseError, transaction

    factories.screening(site)
    column = {"oversight_auditentry": "reason = 'x'"}.get(table, "explained_by = '7'")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, column))


def test_each_history_table_has_its_triggers() -> None:
    from oversight.triggers import protected_tables

    query = {
        "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT DISTINCT event_object_table FROM information_schema.triggers",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        guarded = {row[0] for row in cursor.fetchall()}
    assert set(protected_tables()) <= guarded
    assert Consent.history.model._meta.db_table in guarded
