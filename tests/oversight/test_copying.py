"""What COPY writes is what an INSERT writes, value by value."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, DataError, IntegrityError, connection, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labs.models import Result, Specimen
from oversight import copying, verification
from oversight.fields import ExactDecimalField
from oversight.recording import recorded
from oversight.records import history_model, record_many
from oversight.trail import AuditEntry
from oversight.verification import tracked_models
from tests import factories
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
only_postgres = pytest.mark.postgres

TABLES = [
    AuditEntry,
    *tracked_models(),
    *(history_model(model) for model in tracked_models()),
]
LONGEST = 40  # characters of a text without a limit

# What COPY itself gives a meaning to comes often; half a character is kept by no database.
TEXT = st.text(
    st.one_of(
        st.sampled_from("\t\n\r\\N.\b\f\v\"',{} "),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
MOMENTS = st.datetimes(
    dt.datetime(1800, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    dt.datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
    allow_imaginary=False,
)
DECIMALS = st.decimals(-(10**9), 10**9, places=6) | st.sampled_from(
    [Decimal("30.0"), Decimal("1E+3"), Decimal("-0"), Decimal("1E-7")]
)


def values_of(field: Any) -> st.SearchStrategy[Any]:
    """Everything that a column takes."""
    column = field
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    found = _of_kind(column)
    return st.none() | found if field.null else found


def _of_kind(column: Any) -> st.SearchStrategy[Any]:
    match column:
        case ExactDecimalField():
            return DECIMALS
        case models.CharField() | models.TextField():
            longest = column.max_length or LONGEST
            return TEXT.map(lambda text: text[:longest])
        case models.BooleanField():
            return st.booleans()
        case models.IntegerField():
            low, high = connection.ops.integer_field_range(column.get_internal_type())
            return st.integers(low or 0, high or 2**63 - 1)
        case models.DateTimeField():
            return MOMENTS
        case models.DateField():
            return st.dates()
        case models.TimeField():
            return st.times()
        case models.UUIDField():
            return st.uuids()
        case models.JSONField():
            return JSON.filter(lambda value: value is not None)  # which is no JSON, but NULL
    raise NotImplementedError(column)


def rows_of(model: type[models.Model]) -> st.SearchStrategy[dict[str, Any]]:
    columns = [field for field in model._meta.concrete_fields if not field.primary_key]
    return st.fixed_dictionaries({field.attname: values_of(field) for field in columns})


@pytest.fixture
def bare_table(model: type[models.Model]) -> Iterator[None]:
    """A table of the same columns, and without the constraints that random values would break."""
    name = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} (LIKE {name} INCLUDING IDENTITY)")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE pg_temp.{name}")


@pytest.fixture
def always_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "FEWEST", 1)


def kept(model: type[models.Model]) -> list[dict[str, Any]]:
    """The rows as the database itself spells them, without their keys."""
    name = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t.* FROM {name} t ORDER BY 1")  # noqa: S608 - our own table
        names = [column.name for column in cursor.description]
        rows = cursor.fetchall()
    key = model._meta.pk.column
    return [
        {name: value for name, value in zip(names, row, strict=True) if name != key} for row in rows
    ]


@only_postgres
@pytest.mark.usefixtures("bare_table", "always_copied")
@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_value_is_kept_as_an_insert_keeps_it(
    model: type[models.Model], data: st.DataObject
) -> None:
    row = data.draw(rows_of(model))
    with transaction.atomic():
        rows: models.QuerySet[models.Model] = models.QuerySet(model)
        rows.bulk_create([model(**row)])
        copying.insert_rows(model, [row.copy()], 1)
        inserted, copied = kept(model)
        assert copied == inserted
        transaction.set_rollback(True)


@only_postgres
@pytest.mark.usefixtures("always_copied")
@pytest.mark.parametrize(
    ("refused", "error"),
    [
        ({"event": "a\0b"}, ValueError),
        ({"changes": {"a": "b\0"}}, DataError),
        ({"event": "long" * 100}, DataError),
        ({"event": "half \ud800"}, UnicodeEncodeError),
        ({"sequence": 2**63}, DataError),
        ({"at": None}, IntegrityError),
        ({"chain_id": None}, IntegrityError),
        ({"action": "changed", "reason": ""}, IntegrityError),
        ({"changes": object()}, TypeError),
    ],
)
def test_what_an_insert_refuses_is_refused_alike(
    staff: dict[Role, User], refused: dict[str, Any], error: type[Exception]
) -> None:
    row = entry_row(staff[Role.NURSE]) | refused
    for write in (
        lambda: AuditEntry.objects.bulk_create([AuditEntry(**row)]),
        lambda: copying.insert_rows(AuditEntry, [row.copy()], 1),
    ):
        with pytest.raises(error), transaction.atomic():
            write()
    assert not AuditEntry.objects.filter(hash="h").exists()


def entry_row(by: User) -> dict[str, Any]:
    return {
        "chain_id": "trial",
        "sequence": 10_000,
        "at": dt.datetime(2026, 3, 18, tzinfo=dt.UTC),
        "actor_id": by.pk,
        "actor_name": by.get_username(),
        "role": by.role,
        "action": "event",
        "model": "",
        "object_id": "",
        "object_label": "",
        "site_id": None,
        "history_id": None,
        "version_digest": "",
        "event": "tried",
        "changes": {},
        "reason": "",
        "previous_hash": "",
        "hash": "h",
    }


@pytest.mark.requirement("R03")
def test_many_records_have_the_history_and_the_audit_entries_of_one(
    site: Site, staff: dict[Role, User]
) -> None:
    participant = factories.enrolled(site)
    day = dt.datetime(2026, 3, 18, tzinfo=dt.UTC)
    tubes = [
        Specimen(participant=participant, kind="serum", collected_at=day + dt.timedelta(hours=hour))
        for hour in range(copying.FEWEST + 1)
    ]
    with recorded(by=staff[Role.LAB]):
        record_many(Specimen, tubes)
    assert [tube.pk for tube in tubes] == list(
        Specimen.objects.order_by("collected_at").values_list("pk", flat=True)
    )
    entries = AuditEntry.objects.filter(model="labs.specimen").order_by("sequence")
    assert [entry.object_id for entry in entries] == [str(tube.pk) for tube in tubes]
    assert all(entry.hash == entry.computed_hash() for entry in entries)
    assert not list(verification.verify())
    with recorded(by=staff[Role.LAB], reason="Typed for another tube"):
        tubes[0].kind = "plasma"
        tubes[0].save()
    assert tubes[0].history.count() == 2


@only_postgres
@pytest.mark.usefixtures("always_copied")
def test_a_row_that_points_to_an_unsaved_one_is_refused(
    site: Site, staff: dict[Role, User]
) -> None:
    participant = factories.enrolled(site)
    specimen = Specimen(
        participant=participant, kind="serum", collected_at=dt.datetime(2026, 3, 18, tzinfo=dt.UTC)
    )
    result = Result(participant=participant, specimen=specimen, analyte="anc", unit="10^9/L")
    with pytest.raises(ValueError, match="unsaved related object"), recorded(by=staff[Role.LAB]):
        record_many(Result, [result])


@only_postgres
@pytest.mark.usefixtures("always_copied")
def test_what_fails_while_rows_are_made_is_raised_as_it_is(staff: dict[Role, User]) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield entry_row(staff[Role.NURSE])
        raise KeyError("made halfway")

    with pytest.raises(KeyError, match="made halfway"), transaction.atomic():
        copying.insert_rows(AuditEntry, rows(), 2)
    assert not AuditEntry.objects.filter(hash="h").exists()


@only_postgres
@pytest.mark.usefixtures("always_copied")
def test_copied_rows_are_append_only(staff: dict[Role, User]) -> None:
    with recorded(by=staff[Role.LAB]):
        pass
    copying.insert_rows(AuditEntry, [entry_row(staff[Role.LAB])], 1)
    entry = AuditEntry.objects.filter(hash="h")
    assert entry.get().event == "tried"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.update(event="never")
    with connection.cursor() as cursor:  # before the test's end asks for a head of its chain
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
