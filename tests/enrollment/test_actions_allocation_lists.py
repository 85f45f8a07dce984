"""The plan, the sealed lists, closing and publishing; and the commands about them."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from enrollment.actions.allocation_lists import (
    close_allocation,
    generate_allocation_lists,
    import_allocation_lists,
    plan_allocation,
    publish_list,
)
from enrollment.models import AllocationList, AllocationPlan, AllocationSlot
from enrollment.rules.allocation_list import commitment, generate
from enrollment.seals import unseal
from oversight import verification
from oversight.recording import AlreadyRecorded
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.acting import refusal
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
BALANCED = ["gcv", "il2_gcv"] * 6


def list_file(*arms: str, stratum: str = "") -> bytes:
    end = f",{stratum}" if stratum else ""
    lines = [f"{place},{arm}{end}" for place, arm in enumerate(arms, start=1)]
    return "\n".join(["position,arm" + (",stratum" if stratum else ""), *lines]).encode()


@pytest.fixture
def statistician(staff: dict[Role, User]) -> User:
    return staff[Role.STATISTICIAN]


# --- the plan ----------------------------------------------------------------------------------


def test_a_list_without_a_plan_is_the_protocols_plan(statistician: User) -> None:
    [made] = generate_allocation_lists(by=statistician)
    plan = AllocationPlan.objects.get()
    assert (plan.mode, plan.factor, made.stratum) == ("randomised", "", "ALL")


def test_a_plan_is_changed_with_a_reason_until_somebody_is_allocated(
    site: Site, statistician: User
) -> None:
    plan_allocation(mode="assigned", factor="", reason="As registered", by=statistician)
    plan_allocation(mode="randomised", factor="sle", reason="As decided", by=statistician)
    entries = AuditEntry.objects.filter(model="enrollment.allocationplan").order_by("pk")
    assert [entry.reason for entry in entries] == ["As registered", "As decided"]
    factories.allocation_list()
    plan_allocation(mode="assigned", factor="sle", reason="Once more", by=statistician)
    said = refusal(
        lambda: plan_allocation(mode="randomised", factor="", reason="No", by=statistician)
    )
    assert said == "A list exists: what it is stratified by is fixed"
    plan_allocation(mode="randomised", factor="sle", reason="Back", by=statistician)
    factories.allocated(site)
    for mode, factor in (("assigned", "sle"), ("randomised", "cmv_dna")):
        said = refusal(
            lambda m=mode, f=factor: plan_allocation(  # type: ignore[misc]
                mode=m, factor=f, reason="Too late", by=statistician
            )
        )
        assert said == "Somebody is allocated: mode and factor are fixed"


@pytest.mark.parametrize(
    ("mode", "factor", "reason", "said"),
    [
        ("by lot", "", "Why not", "Choose one of the modes"),
        ("randomised", "age", "Why not", "Choose one of the protocol’s factors"),
        ("randomised", "", " ", "Say why"),
    ],
)
def test_a_plan_names_what_the_protocol_knows_and_why(
    statistician: User, mode: str, factor: str, reason: str, said: str
) -> None:
    assert (
        refusal(lambda: plan_allocation(mode=mode, factor=factor, reason=reason, by=statistician))
        == said
    )


def test_only_the_statistician_plans_makes_and_closes(coordinator: User) -> None:
    for act in (
        lambda: plan_allocation(mode="assigned", factor="", reason="x", by=coordinator),
        lambda: generate_allocation_lists(by=coordinator),
        lambda: import_allocation_lists(file=b"", by=coordinator),
        lambda: close_allocation(reason="x", by=coordinator),
    ):
        with pytest.raises(PermissionDenied):
            act()


# --- generated ---------------------------------------------------------------------------------


def arms_written_in(text: str) -> set[str]:
    return {arm for arm in current().allocation.arms if f'"{arm}"' in text or f"|{arm}" in text}


@pytest.mark.requirement("R24")
def test_a_new_list_shows_its_hash_and_nothing_else(site: Site) -> None:
    made = factories.allocation_list()
    rows = list(AllocationSlot.objects.values_list("sealed_arm", flat=True))
    assert len(rows) == made.length >= 20
    assert len(set(map(len, rows))) == 1  # the length of a sealed arm tells nothing
    assert len(set(rows)) == made.length
    assert arms_written_in(json.dumps([*rows, made.sealed_file])) == set()
    stored = json.loads(unseal(made.sealed_file))
    assert commitment(stored["csv"]) == made.sha256
    assert stored["seed"] == "TEST-SEED-0001"


@pytest.mark.requirement("R08")
def test_the_hash_is_in_the_audit_chain(site: Site) -> None:
    made = factories.allocation_list()
    [entry] = AuditEntry.objects.filter(event="allocation_list_generated")
    assert entry.changes == {"label": made.label, "sha256": made.sha256, "length": made.length}
    assert entry.chain_id == "trial"
    assert not list(verification.verify())


@pytest.mark.requirement("R24")
def test_the_audit_trail_names_an_arm_only_where_it_was_revealed(site: Site) -> None:
    factories.allocation_list()
    factories.enrolled(site)
    before = json.dumps(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert arms_written_in(before) == set()
    participant = factories.allocated(site)
    after = AuditEntry.objects.exclude(chain=participant.audit_chain)
    assert arms_written_in(json.dumps(list(after.values_list("changes", flat=True)))) == set()


def test_every_stratum_gets_its_own_list_at_once(statistician: User) -> None:
    plan_allocation(mode="randomised", factor="cmv_dna", reason="Agreed", by=statistician)
    lists = generate_allocation_lists(by=statistician, length=12, block_sizes=[4], seed="S")
    assert [one.label for one in lists] == [
        "NCT04225780|CMV-LOW|v1",
        "NCT04225780|CMV-HIGH|v1",
    ]
    for one in lists:
        letters = [row.split(",")[2] for row in _csv(one).splitlines()[1:-1]]
        expected = generate(seed="S", label=one.label, block_sizes=[4], length=12)
        assert "".join(letters) == expected.letters
    assert _csv(lists[0]) != _csv(lists[1])


def _csv(made: AllocationList) -> str:
    text: str = json.loads(unseal(made.sealed_file))["csv"]
    return text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"length": 10}, "A list has at least 11 places, more than are enrolled"),
        ({"length": -1}, "A list has at least 11 places, more than are enrolled"),
        ({"block_sizes": []}, "Block sizes are one or more of 4, 6"),
        ({"block_sizes": [2]}, "Block sizes are one or more of 4, 6"),
        ({"block_sizes": [4, 8]}, "Block sizes are one or more of 4, 6"),
    ],
)
def test_a_list_is_longer_than_the_target_and_in_the_protocols_blocks(
    statistician: User, changes: dict[str, Any], said: str
) -> None:
    assert refusal(lambda: generate_allocation_lists(by=statistician, **changes)) == said
    assert not AllocationList.objects.exists()
    assert not AllocationPlan.objects.exists()


def test_eleven_places_are_enough(statistician: User) -> None:
    assert generate_allocation_lists(by=statistician, length=11)[0].length >= 11


def test_the_order_in_which_sizes_are_named_does_not_matter(statistician: User) -> None:
    [made] = generate_allocation_lists(by=statistician, block_sizes=[6, 4], seed="TEST-SEED-0001")
    letters = "".join(row.split(",")[2] for row in _csv(made).splitlines()[1:-1])
    assert letters == "ABBABABAABABBAABBAAABB"  # DOMAIN 11


def test_two_lists_of_one_seed_have_different_hashes(site: Site) -> None:
    """The nonce: ten arms could otherwise be guessed from the published hash."""
    first = factories.allocation_list()
    arms = [unseal(slot.sealed_arm) for slot in first.slots.all()]
    AllocationSlot.objects.all().delete()
    AllocationList.objects.all().delete()
    second = factories.allocation_list()
    assert [unseal(slot.sealed_arm) for slot in second.slots.all()] == arms
    assert first.sha256 != second.sha256


@pytest.mark.parametrize("again", ["generate", "import"])
def test_a_list_is_made_once(statistician: User, again: str) -> None:
    key = uuid4()
    generate_allocation_lists(by=statistician, key=key)
    with pytest.raises(AlreadyRecorded):
        generate_allocation_lists(by=statistician, key=key)
    said = refusal(
        lambda: (
            generate_allocation_lists(by=statistician)
            if again == "generate"
            else import_allocation_lists(file=list_file(*BALANCED), by=statistician)
        )
    )
    assert said == "The allocation list exists already"
    assert AllocationList.objects.count() == 1


def test_assigned_arms_need_no_list(statistician: User) -> None:
    plan_allocation(mode="assigned", factor="", reason="As registered", by=statistician)
    said = refusal(lambda: generate_allocation_lists(by=statistician))
    assert said == "The plan is to assign the arms: that needs no list"


# --- imported ----------------------------------------------------------------------------------


@pytest.mark.requirement("R24")
def test_an_imported_list_is_sealed_committed_and_used_in_order(
    site: Site, statistician: User
) -> None:
    [made] = import_allocation_lists(file=list_file(*BALANCED), by=statistician)
    assert (made.source, made.length, made.label) == ("imported", 12, "NCT04225780|ALL|v1")
    text = _csv(made)
    assert commitment(text) == made.sha256
    assert text.startswith("position,arm\n1,gcv\n")
    assert text.splitlines()[-1].startswith("nonce,")
    [entry] = AuditEntry.objects.filter(event="allocation_list_imported")
    assert entry.changes == {"label": made.label, "sha256": made.sha256, "length": 12}
    assert [factories.allocated(site).arm for _ in range(3)] == BALANCED[:3]


def test_an_imported_list_has_every_stratum(statistician: User) -> None:
    plan_allocation(mode="randomised", factor="sle", reason="Agreed", by=statistician)
    one = list_file(*BALANCED, stratum="SLE")
    said = refusal(lambda: import_allocation_lists(file=one, by=statistician))
    assert said == "Nothing of this file is kept"
    other = list_file(*BALANCED, stratum="NON-SLE").split(b"\n", 1)[1]
    lists = import_allocation_lists(file=one + b"\n" + other, by=statistician)
    assert [(made.stratum, made.length) for made in lists] == [("SLE", 12), ("NON-SLE", 12)]


def test_nothing_of_a_wrong_file_is_written(statistician: User) -> None:
    wrong = list_file(*BALANCED[:-1], "placebo")
    with pytest.raises(Refused) as refused:
        import_allocation_lists(file=wrong, by=statistician)
    assert [str(reason) for reason in refused.value.reasons] == [
        "Line 13: the arm is none of il2_gcv, gcv"
    ]
    assert not AllocationList.objects.exists()
    assert not AllocationPlan.objects.exists()
    assert not AuditEntry.objects.filter(event__startswith="allocation").exists()


def test_unequal_arms_are_asked_about(statistician: User) -> None:
    unequal = list_file(*BALANCED, "gcv")
    with pytest.raises(NeedsConfirmation) as doubt:
        import_allocation_lists(file=unequal, by=statistician)
    [(name, question)] = doubt.value.questions
    assert (name, "il2_gcv 6, gcv 7" in str(question)) == ("file", True)
    assert not AllocationList.objects.exists()
    [made] = import_allocation_lists(file=unequal, by=statistician, confirmed=True)
    assert made.length == 13


# --- closed and published ----------------------------------------------------------------------


@pytest.mark.requirement("R24", "R08")
def test_a_list_is_published_when_allocation_is_closed_and_not_before(
    site: Site, statistician: User, coordinator: User, staff: dict[Role, User]
) -> None:
    made = factories.allocation_list()
    factories.allocated(site)
    for role in (Role.STATISTICIAN, Role.COORDINATOR, Role.MONITOR):
        said = refusal(lambda role=role: publish_list("ALL", by=staff[role]))  # type: ignore[misc]
        assert said == "A list is published when allocation is closed"
    plan = close_allocation(reason="Target reached", by=statistician)
    assert plan.closed_at
    assert plan.closed_by == statistician
    file = publish_list("ALL", by=coordinator)
    assert commitment(file.decode()) == made.sha256
    [entry] = AuditEntry.objects.filter(event="allocation_list_published")
    assert (entry.actor, entry.changes["sha256"]) == (coordinator, made.sha256)
    assert refusal(lambda: publish_list("SLE", by=coordinator))
    with pytest.raises(PermissionDenied):
        publish_list("ALL", by=staff[Role.LAB])


def test_closing_is_once_with_a_reason_and_after_a_plan(statistician: User) -> None:
    assert refusal(lambda: close_allocation(reason=" ", by=statistician)) == "Say why"
    said = refusal(lambda: close_allocation(reason="Done", by=statistician))
    assert said == "There is no plan of allocation yet"
    factories.allocation_list()
    close_allocation(reason="Done", by=statistician)
    said = refusal(lambda: close_allocation(reason="Done", by=statistician))
    assert said == "Allocation is closed: nobody is allocated any more"
    said = refusal(lambda: plan_allocation(mode="assigned", factor="", reason="x", by=statistician))
    assert said == "Allocation is closed: nobody is allocated any more"


def test_closing_asks_while_participants_wait(site: Site, statistician: User) -> None:
    factories.allocation_list()
    factories.enrolled(site)
    with pytest.raises(NeedsConfirmation, match="1 enrolled participants"):
        close_allocation(reason="Done", by=statistician)
    assert close_allocation(reason="Done", by=statistician, confirmed=True).closed_at


# --- commands ----------------------------------------------------------------------------------


@pytest.mark.requirement("R24")
def test_the_command_prints_the_commitment_only(
    statistician: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("generate_allocation_list", by=statistician.username)
    printed = capsys.readouterr().out
    made = AllocationList.objects.get()
    assert made.sha256 in printed
    assert made.length >= 2 * current().identification.enrolment_target
    assert not [arm for arm in current().allocation.arms if arm in printed]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by=nobody"], "There is no account named nobody"),
        (["--by=coordinator-pku"], "coordinator-pku is no statistician"),
        (["--by=statistician-pku", "--length=0"], "at least 11 places"),
        (["--by=statistician-pku", "--block-sizes", "2"], "Block sizes are one or more of 4, 6"),
    ],
)
def test_the_command_refuses_in_words(
    staff: dict[Role, User], arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("generate_allocation_list", *arguments)
    assert not AllocationList.objects.exists()


def test_the_command_generates_no_second_list(statistician: User) -> None:
    factories.allocation_list()
    with pytest.raises(CommandError, match="exists already"):
        call_command("generate_allocation_list", by=statistician.username)


def test_the_command_imports_a_file(
    statistician: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(list_file(*BALANCED, "gcv"))
    with pytest.raises(CommandError, match="add --confirmed"):
        call_command("import_allocation_list", str(file), by=statistician.username)
    call_command("import_allocation_list", str(file), by=statistician.username, confirmed=True)
    printed = capsys.readouterr().out
    assert AllocationList.objects.get().sha256 in printed
    assert "gcv" not in printed
    with pytest.raises(CommandError, match="exists already"):
        call_command("import_allocation_list", str(file), by=statistician.username)
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_allocation_list", str(tmp_path / "none"), by=statistician.username)


def test_the_command_names_the_lines_of_a_wrong_file(statistician: User, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(list_file(*BALANCED[:-2], "=1+1", "gcv"))
    with pytest.raises(CommandError, match="Line 12: a cell looks like a formula"):
        call_command("import_allocation_list", str(file), by=statistician.username)
