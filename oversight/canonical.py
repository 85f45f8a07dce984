"""One spelling for every value, so that a hash taken today can be taken again in ten years."""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

_AS_IT_IS = frozenset({str, int, bool, type(None)})  # asked first: most of what a record holds


def plain(value: Any) -> Any:
    """``value`` as JSON holds it: exact decimals as text, moments in UTC."""
    if type(value) in _AS_IT_IS:
        return value
    match value:
        case dict():
            return {
                str(key): item if type(item) in _AS_IT_IS else plain(item)
                for key, item in value.items()
            }
        case list() | tuple():
            return [plain(item) for item in value]
        case int() | str():
            return str(value) if isinstance(value, str) else value
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat()
        case dt.date() | dt.time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
    raise TypeError(f"No canonical form for {type(value).__name__}")


def digest(content: dict[str, Any]) -> str:
    """sha256 over the canonical JSON of ``content``, as 64 hex digits."""
    return hashlib.sha256(_spelled(content).encode()).hexdigest()


# Made once, not for each row that is written.  What is JSON already is spelled as it is.
_spelled = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=plain
).encode
