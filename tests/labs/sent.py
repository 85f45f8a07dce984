"""Files as laboratories send them, brought, mapped, confirmed and imported."""

import csv
import datetime as dt
import io
from typing import Any

from labs.actions.imports import confirm_import, map_file, run_import, save_mapping, take_file
from labs.actions.laboratories import register_laboratory
from labs.models import ImportFile, ImportRow, Laboratory
from labs.rules import mapping as rules
from tests import factories
from tests.labs.examples import hours_ago, typed
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.roles import Role

HEADER = ("Patient", "Collected", "Test", "Result", "Unit", "Specimen", "Status")
PLAIN = rules.Mapping(
    columns={
        "Patient": "participant",
        "Collected": "collected",
        "Test": "analyte",
        "Result": "value",
        "Unit": "unit",
        "Specimen": "specimen",
        "Status": "status",
    }
)
WIDE = rules.Mapping(
    columns={
        "Patient": "participant",
        "Collected": "collected",
        "ALT": "value:alt",
        "AST": "value:ast",
    },
    column_units={"ALT": "U/L", "AST": "U/L"},
    constants={"specimen": "serum"},
)


def laboratory_of(site: Site, name: str = "Central laboratory") -> Laboratory:
    found = Laboratory.objects.filter(site=site, name=name).first()
    return found or register_laboratory(site, name=name, by=factories.user(Role.LAB, site))


def row(subject: object, result: str = "52000", **changes: str) -> dict[str, str]:
    """One line of a plain file: a CMV-DNA of four hours ago, unless said otherwise."""
    values = {
        "Patient": str(subject),
        "Collected": typed(hours_ago(4)),
        "Test": "cmv_dna",
        "Result": result,
        "Unit": "copies/mL",
        "Specimen": "plasma",
        "Status": "final",
    }
    return values | changes


def at(moment: dt.datetime) -> str:
    return typed(moment)


def as_csv(rows: list[dict[str, str]], header: tuple[str, ...] = HEADER) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, header)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def brought(
    laboratory: Laboratory,
    content: bytes,
    mapping: rules.Mapping = PLAIN,
    *,
    name: str = "results.csv",
) -> ImportFile:
    """The file, mapped and to be confirmed."""
    by = factories.user(Role.LAB, laboratory.site)
    file = take_file(laboratory, name=name, content=content, by=by)
    saved = save_mapping(
        laboratory, name="Usual", definition=mapping.to_json(), by=by, reason="As they send it now"
    )
    return map_file(file, mapping=saved, by=by)


def confirmed(file: ImportFile, by: User | None = None, **changes: Any) -> ImportFile:
    by = by or factories.user(Role.LAB, file.laboratory.site)
    values: dict[str, Any] = {"takes_doubtful": False, "version": file.version}
    return confirm_import(file, **values | changes, by=by)


def imported(
    laboratory: Laboratory,
    *rows: dict[str, str],
    mapping: rules.Mapping = PLAIN,
    header: tuple[str, ...] = HEADER,
    name: str = "results.csv",
    takes_doubtful: bool = False,
) -> ImportFile:
    """``rows`` as a file, brought, confirmed and dealt with."""
    file = brought(laboratory, as_csv(list(rows), header), mapping, name=name)
    confirmed(file, takes_doubtful=takes_doubtful)
    run_import(file.pk)
    return ImportFile.objects.get(pk=file.pk)


def outcomes(file: ImportFile) -> dict[int, str]:
    return dict(ImportRow.objects.filter(file=file).values_list("number", "outcome"))


def reasons(file: ImportFile, number: int) -> str:
    found = ImportRow.objects.get(file=file, number=number).reasons
    return "; ".join(str(Message.from_json(reason)) for reason in found)
