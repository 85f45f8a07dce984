"""A cytometer's file beside the plate that it was attached to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from labs.models import CytometerFile, CytotoxicityAssay
from labs.plate import well_code, well_title
from labs.rules.cytometer import Acquisition, Typed, differences
from trial_site.messages import Message


def typed_of(assay: CytotoxicityAssay, well: str) -> Typed:
    """What stands in the record about ``well`` (its code), or about the whole plate without one."""
    wells = [found for found in assay.typed_wells if not well or well_code(found) == well]
    counted = [found.targets for found in wells if found.targets is not None]
    entered = assay.history.order_by("history_id").first()
    return Typed(
        targets=sum(counted) if counted else None,
        collected_at=timezone.localtime(assay.collected_at),
        entered_at=timezone.localtime(entered.history_date),
    )


def at_the_site(moment: dt.datetime | None) -> dt.datetime | None:
    """A cytometer's clock names no zone: it hangs in the site's laboratory."""
    return None if moment is None else timezone.make_aware(moment)


def agreement(file: CytometerFile, assay: CytotoxicityAssay) -> tuple[Message, ...]:
    """What of the file does not agree with the wells as they stand now."""
    began = timezone.localtime(file.acquired_at) if file.acquired_at else None
    return differences(Acquisition(file.events, began), typed_of(assay, file.well))


@dataclass(frozen=True)
class Attached:
    """A file of a plate; ``well`` is empty for the whole plate."""

    file: CytometerFile
    well: Message | None
    differences: tuple[Message, ...]


def attached_files(assay: CytotoxicityAssay) -> list[Attached]:
    """The files of ``assay`` as they were attached, held against its wells as they stand now."""
    titles = {well_code(well): well_title(well) for well in assay.typed_wells}
    return [
        Attached(file, titles.get(file.well), agreement(file, assay)) for file in assay.files.all()
    ]
