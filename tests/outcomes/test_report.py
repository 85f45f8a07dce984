"""The report: what stands in it, and that its bytes depend on nothing but what it says."""

import datetime as dt
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pypdf import PdfReader

from labs.models import Result
from outcomes import dashboard
from outcomes.report import build, press
from outcomes.report.build import report_pdf
from outcomes.report.document import Document, Figure, Heading, Paragraph, table, texts
from outcomes.report.harm import term_of
from outcomes.report.press import ReportNotSet
from outcomes.sample_actions import choose_sample
from oversight.as_of import as_of
from oversight.heads import audit_head
from tests import factories
from tests.labs.examples import entered, pcr
from tests.outcomes.courses import CONTROL, IL2, trial_of_ten, with_lysis
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role
from trial_site.templatetags.trial import exact, signed
from trial_site.version import version_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def investigator(site: Site) -> User:
    return factories.user(Role.INVESTIGATOR, site)


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report as the data that is handed to the typesetter, which takes no time."""

    def data(document: Document, moment: dt.datetime) -> bytes:
        return json.dumps([document.as_data(), moment.isoformat()], ensure_ascii=False).encode()

    monkeypatch.setattr(build, "press", data)


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(**span), tick=True)


def written(user: User, moment: dt.datetime, language: str = "en") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report_pdf(user, moment, language))[0]
    return found


def tables(document: dict[str, Any], caption: str) -> list[Any]:
    found: list[list[Any]] = [
        block["rows"]
        for block in document["blocks"]
        if block["kind"] == "table" and block["caption"].startswith(caption)
    ]
    assert len(found) == 1, caption
    return found[0]


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


# --- the file ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_cut_off_gives_the_same_bytes_whatever_happens_later(
    site: Site, investigator: User
) -> None:
    people = trial_of_ten(site)
    then = clock.now()
    pdf = report_pdf(investigator, then, "en")
    with later(days=1):
        entered(people[0], pcr("52000"))
        factories.enrolled(site)
        assert report_pdf(investigator, then, "en") == pdf
    words = text_of(pdf)
    for expected in ("NCT04225780", "p = 0.0079", "Hodges–Lehmann +8.00", "+2.70 to +12.70"):
        assert expected in words
    assert all(person.subject in words for person in people)


@pytest.mark.django_db
def test_the_report_is_written_in_chinese_too(site: Site, investigator: User) -> None:
    with_lysis(factories.on_treatment(site, IL2, days_ago=8), "18.4", "27.9")
    pdf = report_pdf(investigator, clock.now(), "zh-hans")
    reader = PdfReader(BytesIO(pdf))
    assert "受试者" in text_of(pdf)
    assert str(reader.root_object["/Lang"]).startswith("zh")
    assert b"pdfuaid:part>1" in pdf
    assert b"pdfaid:part>2" in pdf


def document(*blocks: Any) -> Document:
    said = dict.fromkeys(("subtitle", "kind", "author", "notice", "contents", "running"), "x")
    return Document(
        title="#panic() *bold* [x] $y$ // z",
        language="en",
        facts=(("#a", "@b"),),
        mark="<c>",
        blocks=blocks,
        **said,
    )


def test_no_text_is_markup() -> None:
    words = '#panic("no") *bold* _thin_ $x^2$ <label> @ref https://example.org // --- ~ \\ `code`'
    pdf = press.press(
        document(
            Heading(words),
            Paragraph(words),
            table(words, [*texts(words)], [[words]], note=words),
        ),
        dt.datetime(2026, 3, 18, tzinfo=dt.UTC),
    )
    found = text_of(pdf)
    assert found.count('#panic("no") *bold* _thin_ $x^2$ <label> @ref') >= 5
    assert found.count("// --- ~ \\ `code`") >= 5


def test_what_cannot_be_set_says_so() -> None:
    broken = Figure("A figure", "What it shows", svg="<svg width='1' height='1'>no end")
    with pytest.raises(ReportNotSet):
        press.press(document(Heading("A"), broken), dt.datetime(2026, 3, 18, tzinfo=dt.UTC))


def test_setting_does_not_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "TIMEOUT_SECONDS", 0.01)
    with pytest.raises(ReportNotSet, match=r"no report after 0\.01 seconds"):
        press.press(document(Heading("A")), dt.datetime(2026, 3, 18, tzinfo=dt.UTC))


# --- what stands in it ------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("unset")
def test_the_numbers_are_those_of_the_dashboard(site: Site, investigator: User) -> None:
    people = trial_of_ten(site)
    for person, copies in zip(people, range(100, 1100, 100), strict=True):
        entered(person, pcr(str(copies)))
    found, overview = written(investigator, clock.now()), dashboard.overview(investigator)
    primary = tables(found, "Change in specific lysis")
    for row, arm in zip(primary, overview["comparison"].arms, strict=True):
        about = arm.description
        assert row[1:5] == ["5", "5", "0", f"{signed(about.mean, 1)} ({exact(about.sd, 1)})"]
    assert primary[0][4:7] == ["+9.3 (3.3)", "+5.2 to +13.4", "+9.5 (+7.7 to +11.1)"]
    totals = tables(found, "Total ganciclovir by arm")
    assert [row[1] for row in totals] == [str(row.mg.n) for row in overview["totals_by_arm"]]
    conversions = tables(found, "Conversion by arm")
    assert [row[2] for row in conversions] == [
        str(row["converted"]) for row in overview["conversions_by_arm"]
    ]
    medians = tables(found, "Days to the first negative by arm")
    assert [row[4] for row in medians] == [
        str(arm.medians[0][1].day) for arm in overview["times"].arms
    ]
    for outcome in current().outcomes:
        for code in outcome.analytes:
            name = current().analyte(code).name
            assert len(tables(found, f"{name} by participant")) == 10


@pytest.mark.django_db
@pytest.mark.usefixtures("unset")
def test_an_earlier_moment_has_the_record_of_then(site: Site, investigator: User) -> None:
    person = factories.on_treatment(site, CONTROL, days_ago=8)
    before = clock.now()
    with later(hours=1):
        with_lysis(person, "20.3", "22.4")
        after = clock.now()
        old, new = written(investigator, before), written(investigator, after)
    [was], [is_now] = (
        [row[2:5] for row in tables(one, "NK lysis by participant") if row[0] == person.subject]
        for one in (old, new)
    )
    assert was == ["missing", "missing", "missing"]
    assert is_now == ["20.3", "22.4", "+2.1"]
    heads = [dict(map(tuple, one["facts"]))["Audit head"] for one in (old, new)]
    assert heads[0] != heads[1]


@pytest.mark.django_db
@pytest.mark.usefixtures("unset")
def test_the_title_page_says_what_the_file_rests_on(site: Site, investigator: User) -> None:
    factories.allocated(site)
    moment = clock.now()
    facts = dict(map(tuple, written(investigator, moment)["facts"]))
    assert facts["Data cut-off"] == timezone.localtime(moment).isoformat()
    assert facts["Data cut-off"].endswith("+08:00")
    assert facts["Protocol version"] == current().version
    assert facts["Participants"] == "1 of 10 allocated"
    assert facts["Sites"] == site.code
    with as_of(moment):
        assert facts["Audit head"] == f"sha256 {audit_head().sha256}"


@pytest.mark.django_db
@pytest.mark.requirement("R11")
@pytest.mark.usefixtures("unset")
def test_another_sites_participants_are_not_in_it(
    investigator: User, site: Site, other_site: Site
) -> None:
    foreign = factories.on_treatment(other_site, days_ago=8)
    own = factories.on_treatment(site, days_ago=8)
    text = json.dumps(written(investigator, clock.now()))
    assert foreign.subject not in text
    assert own.subject in text


@pytest.mark.django_db
@pytest.mark.usefixtures("unset")
def test_an_empty_trial_has_a_report(investigator: User) -> None:
    found = written(investigator, clock.now())
    assert tables(found, "NK lysis by participant") == []
    assert {"kind": "paragraph", "text": "Nobody has been dosed yet"} in found["blocks"]


@pytest.mark.django_db
@pytest.mark.requirement("R27")
@pytest.mark.usefixtures("unset")
def test_what_somebody_wrote_is_not_in_it(site: Site, investigator: User) -> None:
    person = factories.on_treatment(site, IL2, days_ago=8)
    with_lysis(person, "18.4", "27.9")
    choose_sample(
        person,
        measure="nk_cytotoxicity",
        visit="D7",
        record="",
        why="Zhang San, ward 7, asked for it",
        by=investigator,
    )
    text = json.dumps(written(investigator, clock.now()), ensure_ascii=False)
    assert "Zhang San" not in text
    assert investigator.username not in text
    assert "decided by the investigator" in text


@pytest.mark.requirement("R27")
@pytest.mark.parametrize(
    ("term", "shown"),
    [
        ("Nausea", "Nausea"),
        ("Grade 2 rash, 1234 cells", "Grade 2 rash, 1234 cells"),
        ("Fall of 12345", "left out: it holds a number"),
        ("13800138000", "left out: it holds a number"),
    ],
)
def test_a_term_with_a_long_number_is_left_out(term: str, shown: str) -> None:
    assert term_of(term) == shown


# --- the head of the trail, the version of the code -------------------------------------------


@pytest.mark.django_db
def test_every_write_moves_the_head(site: Site) -> None:
    person = factories.on_treatment(site)
    before = audit_head()
    entered(person, pcr("52000"))
    after = audit_head()
    assert Result.objects.filter(participant=person).exists()
    assert before.sha256 != after.sha256
    assert after.entries > before.entries
    assert audit_head() == after


def test_the_code_is_what_the_image_was_told(tmp_path: Path) -> None:
    assert version_of(tmp_path, {"CODE_VERSION": "2026.3"}) == "2026.3"
    assert version_of(tmp_path, {}) == "unknown"
    assert version_of(tmp_path, {"CODE_VERSION": ""}) == "unknown"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"HEAD": "ref: refs/heads/main\n", "refs/heads/main": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/main\n", "packed-refs": f"{COMMIT} refs/heads/main"}, COMMIT),
        ({"HEAD": f"{COMMIT}\n"}, COMMIT),
        ({"HEAD": "ref: refs/heads/main\n"}, "unknown"),
    ],
)
def test_a_checkout_knows_its_commit(tmp_path: Path, files: dict[str, str], found: str) -> None:
    for name, text in files.items():
        file = tmp_path / ".git" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert version_of(tmp_path, {}) == found
