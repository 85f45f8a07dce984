"""A hash taken today is taken again in ten years, whatever was in the record."""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from oversight.canonical import digest, plain
from trial_site.roles import Role

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.sampled_from(Role),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.dates(),
    st.uuids(),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.dictionaries(st.text(), VALUES))
def test_the_hash_is_that_of_the_plain_content(content: dict[str, object]) -> None:
    text = json.dumps(plain(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    try:
        expected = hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError:  # half a character, which no database keeps either
        return
    assert digest(content) == expected


def test_the_spelling_has_not_changed() -> None:
    content = {
        "value": Decimal("30.0"),
        "at": dt.datetime(2026, 3, 18, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        "on": dt.date(2026, 3, 18),
        "key": UUID(int=7),
        "remarks": [{"text": "≥ 1,5", "params": {}}],
        "role": Role.LAB,
        "empty": None,
    }
    spelled = (
        '{"at":"2026-03-18T04:00:00+00:00","empty":null,'
        '"key":"00000000-0000-0000-0000-000000000007","on":"2026-03-18",'
        '"remarks":[{"params":{},"text":"≥ 1,5"}],"role":"lab","value":"30.0"}'
    )
    assert digest(content) == hashlib.sha256(spelled.encode()).hexdigest()
