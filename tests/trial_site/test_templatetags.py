"""The tags and filters that every template uses."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.template import Context, Template, loader
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from trial_site.messages import Message
from trial_site.presentation import TimelineEvent, WorkRow
from trial_site.templatetags import trial

MINUS = "\N{MINUS SIGN}"
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("52000"), "52,000"),
        (Decimal("7980.0"), "7,980"),
        (Decimal("60.0"), "60"),
        (Decimal("0.1"), "0.1"),
        (Decimal("1E+6"), "1,000,000"),
        (Decimal("0.12345678"), "0.12345678"),
        (Fraction(133, 2), "66.5"),
        (Fraction(1, 3), "0.333333"),
        (-2, f"{MINUS}2"),
        ("48", "48"),
        (0.0079, "0.0079"),
        (None, ""),
        ("", ""),
    ],
)
def test_exact_shows_every_decimal_and_no_trailing_zero(value: trial.Number, written: str) -> None:
    assert trial.exact(value) == written


@pytest.mark.parametrize(
    ("value", "places", "written"),
    [
        (Decimal("60"), 1, "60.0"),
        (Decimal("27.905"), 2, "27.91"),
        (Decimal("2.9996"), 2, "3.00"),
        (Decimal("1234.5"), 0, "1,235"),
        (Fraction(2, 3), 2, "0.67"),
        (Decimal("-1.65"), 1, f"{MINUS}1.7"),
        (Decimal("-0.04"), 1, "0.0"),
    ],
)
def test_exact_rounds_half_up_to_the_places_asked_for(
    value: trial.Number, places: int, written: str
) -> None:
    assert trial.exact(value, places) == written


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9)))
def test_exact_can_be_read_back(value: Decimal) -> None:
    text = trial.exact(value).replace(",", "").replace(MINUS, "-")
    assert Decimal(text) == value


@pytest.mark.parametrize(
    ("value", "places", "written"),
    [
        (Decimal("9.51"), 1, "+9.5"),
        (Decimal("-1.6"), None, f"{MINUS}1.6"),
        (Decimal("0"), None, "0"),
        (Decimal("0.04"), 1, "0.0"),
        (Decimal("-0.04"), 1, "0.0"),
        (None, 1, ""),
    ],
)
def test_signed(value: Decimal | None, places: int | None, written: str) -> None:
    assert trial.signed(value, places) == written


def test_quantity_never_breaks_between_number_and_unit() -> None:
    assert trial.quantity(Decimal("300.0"), "mg") == "300\u00a0mg"
    assert trial.quantity(1, "million IU") == "1\u00a0million\u00a0IU"
    assert trial.quantity(None, "mg") == ""
    assert render("{{ weight|exact:1|quantity:'kg' }}", weight=Decimal("60")) == "60.0\u00a0kg"


# --- sentences --------------------------------------------------------------------------------


def test_say_fills_a_message_and_its_stored_form_alike() -> None:
    message = Message("%(value)s on %(day)s", {"value": "0.46", "day": Message("Monday")})
    assert trial.say(message) == "0.46 on Monday"
    assert trial.say(message.to_json()) == "0.46 on Monday"


def test_say_translates_into_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert trial.say(Message("Monday")) == "星期一"
        assert trial.say("Monday") == "星期一"
        assert trial.say(gettext_lazy("Monday")) == "星期一"
        assert trial.say("") == ""
        assert trial.say(None) == ""


def test_what_is_said_is_escaped() -> None:
    assert render("{{ text|say }}", text=Message("below <500")) == "below &lt;500"
    assert "below &lt;500" in render("{% status 'met' text %}", text="below <500")


# --- dates ------------------------------------------------------------------------------------


def test_moments_are_shown_on_the_active_clock() -> None:
    moment = datetime(2026, 3, 17, 16, 10, tzinfo=UTC)
    with timezone.override(ZoneInfo("Asia/Shanghai")), translation.override("en"):
        assert trial.local_datetime(moment) == (
            '<time datetime="2026-03-18T00:10:00+08:00">18 Mar 2026 00:10</time>'
        )
        assert trial.local_date(moment).endswith(">18 Mar 2026</time>")
        assert trial.local_day(moment).endswith(">Wed 18 Mar 2026</time>")
        assert trial.local_time(moment).endswith(">00:10</time>")


def test_a_day_has_no_clock() -> None:
    with translation.override("en"):
        assert trial.local_date(date(2026, 3, 17)) == (
            '<time datetime="2026-03-17">17 Mar 2026</time>'
        )
    assert trial.local_date(None) == ""


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        trial.local_datetime(datetime(2026, 3, 17, 8, 10))  # noqa: DTZ001


# --- marks ------------------------------------------------------------------------------------


def test_a_status_is_an_icon_and_a_word() -> None:
    html = render("{% status 'late' 'Late 3 d' %}")
    assert 'class="status status--late"' in html
    assert 'href="#i-alert"' in html
    assert html.endswith("Late 3 d</span>")


def test_an_unknown_status_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        trial.status("fine", "Fine")


def test_an_arm_is_a_shape_and_its_short_name() -> None:
    assert 'class="arm arm--il2"' in trial.arm("il2_gcv")
    assert 'class="arm arm--gcv"' in trial.arm("gcv")
    assert re.search(r">\w[^<]+</span>$", trial.arm("gcv"))


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_hidden_arm_leaves_no_trace(nothing: str | None) -> None:
    assert trial.arm(nothing) == ""


def test_a_notice_keeps_its_markup_and_says_its_role() -> None:
    html = render('{% notice "bad" role="alert" %}<b>{{ why }}</b>{% endnotice %}', why="a < b")
    assert 'class="notice notice--bad" role="alert"' in html
    assert "<b>a &lt; b</b>" in html


def test_a_table_region_can_be_reached_and_is_named() -> None:
    html = render("{% table_scroll 'Wells' %}<table></table>{% endtable_scroll %}")
    assert 'role="region" tabindex="0" aria-label="Wells"><table></table>' in html


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'id="i-(\w+)"', (TEMPLATES / "components/sprite.html").read_text()))
    used = set(trial.STATUS_ICONS.values()) | set(trial.NOTICE_ICONS.values())
    for path in TEMPLATES.rglob("*.html"):
        used |= set(re.findall(r'(?:\{% icon |mark=)"(\w+)"', path.read_text(encoding="utf-8")))
    assert used <= drawn


# --- components -------------------------------------------------------------------------------


def test_a_worklist_row_shows_why_and_names_its_action() -> None:
    row = WorkRow(
        state="soon",
        badge="Planned",
        when="19 Mar",
        subject="PKU-005",
        subject_url="/participants/PKU-005/",
        title=Message("Day %(day)s sample", {"day": "7"}),
        why=Message("First dose + %(days)s d", {"days": "7"}),
        action="Print",
        url="/print/",
    )
    html = loader.render_to_string("components/work_row.html", {"row": row})
    assert "status--planned" in html
    assert '<p class="why">First dose + 7 d</p>' in html
    assert 'Print<span class="visually-hidden"> · PKU-005, Day 7 sample</span>' in html


@pytest.mark.parametrize("history", [("labs.result", 7), None])
def test_an_event_leads_to_its_history(history: tuple[str, int] | None) -> None:
    event = TimelineEvent(
        at=datetime(2026, 3, 17, 8, 10, tzinfo=UTC),
        icon="flask",
        title="CMV-DNA",
        badge=("bad", Message("Grade 4")),
        history=history,
        anchor="anc",
    )
    html = loader.render_to_string("components/timeline_event.html", {"event": event})
    assert 'class="event" id="anc"' in html
    assert "status--bad" in html
    address = reverse("oversight:history", args=["labs.result", 7])
    assert (address in html) is bool(history)


# --- pages that get no context ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_a_fault_page_needs_no_context(name: str) -> None:
    html = loader.get_template(name).render()
    assert "<h1>" in html
    assert "style=" not in html
