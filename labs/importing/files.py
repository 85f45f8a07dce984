"""A file that was brought: its bytes as they were sent, and how far its import is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from labs.models import ImportContent, ImportFile, ImportRow
from labs.permissions import IMPORT_RESULTS
from labs.readers import UnreadableFile, read
from labs.rules.tables import Table
from oversight.trail import AuditEntry
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

Outcome = ImportRow.Outcome

_ALTERED = gettext_noop("The file that is kept is not the one that was brought")
_NO_LONGER = gettext_noop(
    "%(who)s, who confirmed it, may not import any more: somebody else must confirm it"
)


class AlteredFile(Exception):
    """What is kept of a file is not what its hash says.  ``message`` says so."""

    message = Message(_ALTERED)


# Why the rows of a file that was brought cannot be read after all; each has its ``message``.
UNUSABLE = (AlteredFile, UnreadableFile)


def content_of(file: ImportFile) -> bytes:
    """The bytes as they were sent.  Raises ``AlteredFile`` where the hash says otherwise."""
    data = bytes(ImportContent.objects.get(file=file).data)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise AlteredFile(file)
    return data


def table_of(file: ImportFile) -> Table:
    """The rows of ``file``.  Raises ``AlteredFile``, and ``UnreadableFile`` as ``read``."""
    return read(file.name, content_of(file))


@dataclass(frozen=True)
class Progress:
    """How many rows were dealt with, by what became of them; ``stopped`` says why it waits."""

    total: int
    by_outcome: Mapping[Outcome, int]
    status: ImportFile.Status
    stopped: Message | None = None

    @property
    def done(self) -> int:
        return sum(self.by_outcome.values())

    @property
    def finished(self) -> bool:
        return self.status in {ImportFile.Status.DONE, ImportFile.Status.DISCARDED}

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def progress(file: ImportFile) -> Progress:
    """Every outcome is counted, also those that no row had."""
    counted = dict(file.rows.values_list("outcome").annotate(Count("pk")).order_by())
    return Progress(
        total=file.row_count,
        by_outcome={outcome: counted.get(outcome.value, 0) for outcome in Outcome},
        status=ImportFile.Status(file.status),
        stopped=stopped_because(file),
    )


def stopped_because(file: ImportFile) -> Message | None:
    """Why a confirmed import does not go on: who confirmed it left, or lost the right to.

    It goes on by itself where that is undone, and otherwise when somebody else confirms it.
    """
    by = file.confirmed_by
    if file.status != ImportFile.Status.CONFIRMED or by is None:
        return None
    if IMPORT_RESULTS.allows(by) and by.sites.filter(pk=file.laboratory.site_id).exists():
        return None
    return Message(_NO_LONGER, {"who": by.get_username()})


def discarded_because(file: ImportFile) -> str:
    """The reason that a discarded file was given."""
    entries = AuditEntry.objects.filter(
        model=ImportFile._meta.label_lower, object_id=str(file.pk)
    ).exclude(reason="")
    return entries.order_by("-sequence").values_list("reason", flat=True).first() or ""


def under_way() -> list[int]:
    """Confirmed files (primary keys) that are not done, the longest waiting first."""
    files = ImportFile.objects.filter(status=ImportFile.Status.CONFIRMED)
    return list(files.order_by("confirmed_at").values_list("pk", flat=True))


def rows_done(file: ImportFile) -> set[int]:
    """The numbers of the rows that were dealt with."""
    return set(file.rows.values_list("number", flat=True))
