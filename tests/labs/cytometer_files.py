"""FCS files as a cytometer writes them, made by the library that is not the reader's own code."""

import datetime as dt
import io

from django.utils import timezone
from flowio import create_fcs


def fcs(events: int = 9840, *, acquired: dt.datetime | None = None, note: str = "") -> bytes:
    """A file of ``events`` in two channels; ``acquired`` (aware) on the site's clock."""
    keys = {"cyt": "FACSCanto II", "com": note or "-"}
    if acquired is not None:
        local = timezone.localtime(acquired)
        keys |= {"date": f"{local:%d-%b-%Y}".upper(), "btim": f"{local:%H:%M:%S}"}
    written = io.BytesIO()
    create_fcs(written, [1.0] * (2 * events), ["FSC-A", "PI-A"], metadata_dict=keys)
    return written.getvalue()
