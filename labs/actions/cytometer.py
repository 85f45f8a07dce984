"""Files of the cytometer, attached to the plate that they were acquired from."""

from __future__ import annotations

from uuid import UUID

from enrollment.actions.locks import locked_participant
from labs.actions.corrections import refuse_in_error
from labs.cytometry import at_the_site, typed_of
from labs.models import CytometerFile, CytotoxicityAssay
from labs.permissions import ENTER_RESULTS
from labs.plate import well_code
from labs.readers.fcs import FcsFacts, read_fcs
from labs.readers.tables import UnreadableFile
from labs.rules.cytometer import Acquisition, differences
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


def attach_file(
    assay: CytotoxicityAssay,
    *,
    name: str,
    content: bytes,
    well: str,
    by: User,
    key: UUID | None = None,
) -> CytometerFile:
    """Keep what an FCS file says, its hash and where it differs from what was typed.

    ``well`` is the code of the well that it is of (``labs.plate.well_code``), empty for the whole
    plate.  The file itself is not kept.  Raises ``Refused`` for what is no whole FCS file, a well
    that was not typed, a file that this or another plate has, and a plate in error;
    ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 7, issue 4.
    """
    ENTER_RESULTS.check(by)
    facts = _facts(content)
    with recorded(by=by, key=key):
        participant = locked_participant(assay.participant, by=by)
        assay = locked(CytotoxicityAssay.objects.filter(pk=assay.pk))
        refuse_in_error(assay)
        _check_new(assay, facts.sha256)
        if well and well not in map(well_code, assay.typed_wells):
            raise Refused(Message(gettext_noop("Nothing was typed for this well")))
        began = at_the_site(facts.acquired_from)
        found = differences(Acquisition(facts.events, began), typed_of(assay, well))
        file = CytometerFile(
            participant=participant,
            assay=assay,
            name=name[-200:],
            sha256=facts.sha256,
            size=len(content),
            well=well,
            events=facts.events,
            acquired_at=began,
            cytometer=facts.cytometer[:80],
            differences=[message.to_json() for message in found],
        )
        file.save()
        return file


def _facts(content: bytes) -> FcsFacts:
    try:
        return read_fcs(content)
    except UnreadableFile as unreadable:
        raise Refused(unreadable.message) from None


def _check_new(assay: CytotoxicityAssay, sha256: str) -> None:
    same = CytometerFile.objects.filter(sha256=sha256)
    if same.filter(assay=assay).exists():
        raise Refused(Message(gettext_noop("This very file is attached already")))
    # One acquisition is of one plate: the same bytes twice are a mistake, wherever they are.
    if same.filter(assay__in=CytotoxicityAssay.objects.in_force()).exists():
        raise Refused(Message(gettext_noop("This very file belongs to another plate")))
