"""Files of laboratories: brought, mapped, confirmed or discarded.  Nothing is written before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from labs.actions.import_runs import CHUNK, SHARES, run_import
from labs.importing.files import AlteredFile, stopped_because, table_of
from labs.models import ColumnMapping, ImportContent, ImportFile, Laboratory
from labs.permissions import IMPORT_RESULTS, MAP_FILES
from labs.readers import UnreadableFile, read
from labs.rules import mapping as rules
from labs.rules.completeness import check
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site import clock
from trial_site.celery import app
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

__all__ = [
    "confirm_import",
    "discard_file",
    "map_file",
    "run_import",
    "save_mapping",
    "take_file",
]

Status = ImportFile.Status
IMPORT_TASK = "labs.tasks.import_file"

_HERE = gettext_noop("This very file is here already: %(name)s, brought by %(who)s on %(day)s")
_NOT_OPEN = gettext_noop("This file is decided already")
_NO_MAPPING = gettext_noop("Say first what the columns of this file mean")
_INCOMPLETE = gettext_noop("The mapping does not fit this file yet")
_CHANGED_SINCE = gettext_noop(
    "The mapping was changed meanwhile: choose it again, and look at the rows again"
)
_NO_NAME = gettext_noop("Give the mapping a name")
_NOT_A_MAPPING = gettext_noop("This does not say what columns mean")
_OTHER_LABORATORY = gettext_noop("This mapping is another laboratory's")


def take_file(
    laboratory: Laboratory, *, name: str, content: bytes, by: User, key: UUID | None = None
) -> ImportFile:
    """Keep ``content`` as it was sent, told by its hash; it is read once to know that it can be.

    Raises ``Refused`` for what is no table of results, and for bytes that this laboratory brought
    before (unless they were discarded); ``AlreadyRecorded``, ``PermissionDenied``.  Source: R30.
    """
    MAP_FILES.check(by)
    try:
        table = read(name, content)
    except UnreadableFile as error:
        raise Refused(error.message) from None
    sha256 = hashlib.sha256(content).hexdigest()
    with recorded(by=by, key=key):
        laboratory = _locked_laboratory(laboratory, by)
        _refuse_known(laboratory, sha256)
        file = ImportFile(
            laboratory=laboratory,
            name=name,
            sha256=sha256,
            size=len(content),
            row_count=len(table.rows),
            uploaded_at=clock.now(),
        )
        file.save()
        ImportContent.objects.create(file=file, data=content)
        return file


def save_mapping(
    laboratory: Laboratory,
    *,
    name: str,
    definition: Mapping[str, Any],
    by: User,
    reason: str = "",
) -> ColumnMapping:
    """Keep ``definition`` (``labs.rules.mapping``) under ``name``, new or in place of what it was.

    Raises ``ReasonRequired`` where a saved one changes, ``Refused``, ``PermissionDenied``.
    """
    MAP_FILES.check(by)
    name = " ".join(name.split())
    if not name:
        raise Refused(Message(_NO_NAME))
    try:
        plain = rules.Mapping.from_json(dict(definition)).to_json()
    except ValueError:
        raise Refused(Message(_NOT_A_MAPPING)) from None
    with recorded(by=by, reason=reason.strip()):
        laboratory = _locked_laboratory(laboratory, by)
        saved = laboratory.mappings.filter(name=name).first()
        mapping: ColumnMapping = saved or ColumnMapping(laboratory=laboratory, name=name)
        mapping.definition = plain
        mapping.save()
        return mapping


def map_file(file: ImportFile, *, mapping: ColumnMapping, by: User) -> ImportFile:
    """Say by which ``mapping`` the columns of ``file`` are read, as long as it is not confirmed.

    The file keeps the definition, so that nobody confirms another than was looked at.
    Raises ``Refused``, ``PermissionDenied``.
    """
    MAP_FILES.check(by)
    with recorded(by=by, reason=f"Columns read by the mapping {mapping}"):
        file = _locked_file(file, by)
        if file.status != Status.UPLOADED:
            raise Refused(Message(_NOT_OPEN))
        if mapping.laboratory_id != file.laboratory_id:
            raise Refused(Message(_OTHER_LABORATORY))
        file.mapping, file.definition = mapping, mapping.definition
        file.save()
        return file


def confirm_import(
    file: ImportFile, *, takes_doubtful: bool, version: int, by: User, key: UUID | None = None
) -> ImportFile:
    """Let the rows of ``file`` be written, in the background.

    ``takes_doubtful``: values outside soft limits are as printed.  An import that stopped because
    who confirmed it may not import any more is confirmed anew and goes on where it was, by the
    mapping that it began with.  Raises ``Refused`` where the mapping is missing, does not fit or
    was changed since, ``StaleRecord``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    IMPORT_RESULTS.check(by)
    with recorded(by=by, reason="Confirmed", key=key):
        file = _locked_file(file, by, version)
        if file.status == Status.UPLOADED:
            _check_fits(file)
            file.takes_doubtful = takes_doubtful
        elif stopped_because(file) is None:
            raise Refused(Message(_NOT_OPEN))
        file.status = Status.CONFIRMED
        file.confirmed_at, file.confirmed_by = clock.now(), by
        file.save()
        transaction.on_commit(lambda: _send(file), robust=True)
        return file


def discard_file(file: ImportFile, *, reason: str, version: int, by: User) -> ImportFile:
    """Put ``file`` aside unread; the same bytes may be brought again.

    Raises ``ReasonRequired``, ``Refused`` for a file that is confirmed, ``StaleRecord``,
    ``PermissionDenied``.
    """
    MAP_FILES.check(by)
    if not reason.strip():
        raise ReasonRequired(file)
    with recorded(by=by, reason=reason.strip()):
        file = _locked_file(file, by, version)
        if file.status != Status.UPLOADED:
            raise Refused(Message(_NOT_OPEN))
        file.status = Status.DISCARDED
        file.save()
        return file


def _locked_laboratory(laboratory: Laboratory, by: User) -> Laboratory:
    """Raises ``PermissionDenied``: to other sites the laboratory does not exist."""
    try:
        found: Laboratory = locked(Laboratory.objects.visible_to(by).filter(pk=laboratory.pk))
    except Laboratory.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at this laboratory's site") from None
    return found


def _locked_file(file: ImportFile, by: User, version: int | None = None) -> ImportFile:
    visible = ImportFile.objects.visible_to(by).filter(pk=file.pk)
    try:
        found: ImportFile = locked(visible.select_related("laboratory", "mapping"), version=version)
    except ImportFile.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at this laboratory's site") from None
    return found


def _refuse_known(laboratory: Laboratory, sha256: str) -> None:
    known = laboratory.files.filter(sha256=sha256).exclude(status=Status.DISCARDED).first()
    if known is not None:
        who = known.history.order_by("history_id").first().history_user
        day = timezone.localdate(known.uploaded_at).isoformat()
        params = {"name": known.name, "who": who.get_username(), "day": day}
        raise Refused(Message(_HERE, params))


def _check_fits(file: ImportFile) -> None:
    """Raises ``Refused`` unless the rows can be read by the mapping that was looked at."""
    if file.mapping is None:
        raise Refused(Message(_NO_MAPPING))
    if file.definition != file.mapping.definition:
        raise Refused(Message(_CHANGED_SINCE))
    try:
        table = table_of(file)
    except AlteredFile as error:
        raise Refused(error.message) from None
    missing = check(rules.Mapping.from_json(file.definition), table.header)
    if missing:
        raise Refused(Message(_INCOMPLETE), missing)


def _send(file: ImportFile) -> None:
    """Tell a worker, and of a long file as many as there are shares.

    Where no broker answers, the scheduled task finds the file.
    """
    for share in range(SHARES if file.row_count > CHUNK else 1):
        app.signature(IMPORT_TASK, args=(file.pk, share)).delay()
