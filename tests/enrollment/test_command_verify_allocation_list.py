"""``verify_allocation_list`` on the published file, and on what somebody changed afterwards."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from enrollment.actions.allocation_lists import close_allocation, plan_allocation, publish_list
from enrollment.models import Allocation, AllocationList
from oversight import triggers
from tests import factories
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R24")]


@pytest.fixture
def published(site: Site, staff: dict[Role, User], tmp_path: Path) -> Path:
    """The file of a trial that allocated three and closed."""
    factories.allocation_list()
    for _ in range(3):
        factories.allocated(site)
    close_allocation(reason="Done", by=staff[Role.STATISTICIAN])
    file = tmp_path / "list.csv"
    file.write_bytes(publish_list("ALL", by=staff[Role.STATISTICIAN]))
    return file


def refused(file: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """One line a finding, and the command fails."""
    with pytest.raises(CommandError, match="the list is not proved"):
        call_command("verify_allocation_list", str(file))
    return capsys.readouterr().err.splitlines()


def change(statement: str, *values: Any) -> None:
    """What somebody with the database's password could do."""
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_the_published_file_proves_every_allocation(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_allocation_list", str(published))
    printed = capsys.readouterr().out
    assert "NCT04225780|ALL|v1: 3 allocations follow the list in order" in printed
    assert AllocationList.objects.get().sha256 in printed


def test_a_tampered_file_is_found(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = published.read_text()
    published.write_text(text.replace(",gcv\n", ",il2_gcv\n", 1))
    assert published.read_text() != text
    assert len(refused(published, capsys)) >= 2


def test_a_changed_arm_is_found(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = Allocation.objects.get(slot__sequence=2)
    other = {"gcv": "il2_gcv", "il2_gcv": "gcv"}[second.arm]
    change("UPDATE enrollment_allocation SET arm = %s WHERE id = %s", other, second.pk)
    assert refused(published, capsys) == [
        f"PKU-002 got {other}; place 2 of the file says {second.arm}"
    ]


def test_a_swapped_order_is_found(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, third = Allocation.objects.order_by("slot__sequence")[::2]
    moved = "UPDATE enrollment_allocation SET allocated_at = %s WHERE id = %s"
    change(moved, third.allocated_at, first.pk)
    change(moved, first.allocated_at, third.pk)
    assert refused(published, capsys) == [
        "PKU-003 has place 3; in order of time it is 1",
        "PKU-001 has place 1; in order of time it is 3",
    ]


def test_another_commitment_is_found(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    AllocationList.objects.update(sha256="0" * 64)
    [line] = refused(published, capsys)
    assert line.endswith(f"committed to was {'0' * 64}")


def test_a_doctored_event_is_found_by_its_chain(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        "UPDATE oversight_auditentry SET changes = %s WHERE event = 'allocation_list_generated'",
        '{"label": "NCT04225780|ALL|v1", "sha256": "' + "0" * 64 + '"}',
    )
    lines = refused(published, capsys)
    assert [line for line in lines if "was altered after it was written" in line]
    assert [line for line in lines if line.endswith(f"the audit chain says {'0' * 64}")]


def test_each_stratum_is_proved_by_its_own_file(
    site: Site, staff: dict[Role, User], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statistician = staff[Role.STATISTICIAN]
    plan_allocation(mode="randomised", factor="sle", reason="Agreed", by=statistician)
    factories.allocation_list()
    factories.allocated(site)
    close_allocation(reason="Done", by=statistician)
    for stratum, used in (("SLE", 1), ("NON-SLE", 0)):
        file = tmp_path / f"{stratum}.csv"
        file.write_bytes(publish_list(stratum, by=statistician))
        call_command("verify_allocation_list", str(file), stratum=stratum)
        assert f"{used} allocations follow" in capsys.readouterr().out
    with pytest.raises(CommandError, match="not proved"):
        call_command("verify_allocation_list", str(tmp_path / "SLE.csv"), stratum="NON-SLE")


def test_what_is_not_there_is_said(site: Site, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_allocation_list", str(tmp_path / "none.csv"))
    file = tmp_path / "list.csv"
    file.write_text("position,arm\n1,gcv\n")
    with pytest.raises(CommandError, match="There is no list of stratum ALL"):
        call_command("verify_allocation_list", str(file))
