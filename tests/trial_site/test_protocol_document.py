"""``docs/protocol.md`` is what the protocol in force renders to."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from trial_site.management.commands import protocol_doc
from trial_site.protocol import current
from trial_site.protocol.document import render
from trial_site.protocol.document.markdown import number, table


def test_the_page_on_disk_is_current() -> None:
    assert protocol_doc.DOCUMENT.read_text(encoding="utf-8") == render(current())


def test_the_page_shows_every_contradiction_reading_criterion_and_outcome() -> None:
    protocol, page = current(), render(current())
    for decision in protocol.decisions:
        assert f"| {decision.id} | {decision.record_says} |" in page
        assert decision.chosen in page
    for reading in protocol.readings:
        assert reading.text in page
    for criterion in protocol.criteria:
        assert criterion.limit_text in page
        assert criterion.provenance.quote in page
    for outcome in protocol.outcomes:
        assert f"> {outcome.title}\n>\n> {outcome.description}\n>\n> {outcome.time_frame}" in page


def test_the_page_shows_units_counts_ranges_kits_and_panels() -> None:
    protocol, page = current(), render(current())
    for unit, code in protocol.ucum.items():
        assert f"| {unit} | `{code}` |" in page
    assert "| nk_dim_count | nk_count x nk_dim_percent / 100 |" in page
    assert "| nk_bright_percent | 0.7 | 6.3 | % | ARUP 2013805 |" in page
    assert "| `architect_igm` | Architect CMV IgM | cmv_igm | index | 1 | 0.85 |" in page
    assert "| `cytotoxicity` | NK cytotoxicity | pbmc |" in page
    assert "10 to the log10 copies/mL" in page
    for visit in protocol.visits:
        assert f"| {', '.join(visit.content)} | {', '.join(visit.panels)} |" in page


def test_tables_are_not_broken_by_their_cells() -> None:
    assert table(("A", "B"), [("NCT|ALL", 1)]) == "| A | B |\n| --- | --- |\n| NCT\\|ALL | 1 |"


@pytest.mark.parametrize(("text", "shown"), [("1E+7", "10000000"), ("1.50", "1.5"), ("30", "30")])
def test_numbers_are_written_in_full(text: str, shown: str) -> None:
    assert number(Decimal(text)) == shown


def test_the_command_writes_what_the_check_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "docs" / "protocol.md"
    monkeypatch.setattr(protocol_doc, "DOCUMENT", page)
    with pytest.raises(CommandError, match="out of date"):
        call_command("protocol_doc", "--check")
    call_command("protocol_doc")
    assert page.read_text(encoding="utf-8") == render(current())
    call_command("protocol_doc", "--check")


def test_the_check_fails_when_the_page_differs_and_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "protocol.md"
    page.write_text("# Old\n", encoding="utf-8")
    monkeypatch.setattr(protocol_doc, "DOCUMENT", page)
    with pytest.raises(CommandError, match=r"protocol_doc$"):
        call_command("protocol_doc", "--check")
    assert page.read_text(encoding="utf-8") == "# Old\n"
