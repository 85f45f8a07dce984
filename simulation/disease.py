"""A model of the disease, for fictional patients: what their bodies would show on a given day.

Log-linear viral decline with noise, a rise of NK cytotoxicity that depends on the arm, marrow
suppression under ganciclovir.  Plausible numbers for a demonstration, not clinical claims; nothing
here is read by the trial itself.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto
from random import Random

from enrollment.facts import Sex


class Fate(Enum):
    """How a patient's trial goes."""

    COMPLETES = auto()
    RELAPSES = auto()  # CMV-DNA rises again some weeks after withdrawal
    RISES = auto()  # CMV-DNA rises under treatment, and falls when it is over
    HELD = auto()  # neutrophils fall below the limit for some days
    OVERDUE = auto()  # pneumonia on treatment; nobody records the first monthly visit
    WITHDRAWS = auto()
    LOST = auto()


FATES = (
    Fate.COMPLETES,
    Fate.LOST,
    Fate.WITHDRAWS,
    Fate.OVERDUE,
    Fate.RELAPSES,
    Fate.COMPLETES,
    Fate.RISES,
    Fate.HELD,
    Fate.COMPLETES,
    Fate.COMPLETES,
)
LLOQ, LOD = Decimal(500), Decimal(200)  # copies/mL of the simulated assay
RISES_DAYS = 24


@dataclass
class Patient:
    """One fictional patient; every number comes from ``random``, so a seed gives the same trial."""

    index: int
    random: Random
    fate: Fate
    arm_effect: bool = False
    day0: dt.date | None = None
    birth_year_offset: int = field(init=False)
    sex: Sex = field(init=False)
    weight_kg: Decimal = field(init=False)
    log10_copies: float = field(init=False)
    decline_a_day: float = field(init=False)
    nk_baseline: float = field(init=False)
    immune: Random = field(init=False)
    harm: Random = field(init=False)
    rescued: dt.date | None = None

    def __post_init__(self) -> None:
        draw = self.random
        # A stream of its own, so that measuring more of somebody changes nothing else of them.
        self.immune = Random(f"immune|{self.index}")  # noqa: S311
        self.harm = Random(f"harm|{self.index}")  # noqa: S311
        self.birth_year_offset = draw.randint(22, 66)
        self.sex = Sex.FEMALE if draw.random() < 0.8 else Sex.MALE
        self.weight_kg = tenths(draw.uniform(46, 78))
        self.log10_copies = draw.uniform(3.7, 5.6)
        self.decline_a_day = draw.uniform(0.11, 0.19)
        self.nk_baseline = draw.uniform(15, 30)

    @classmethod
    def number(cls, index: int, seed: int) -> Patient:
        return cls(index, Random(f"{seed}|{index}"), FATES[index % len(FATES)])  # noqa: S311

    def copies(self, day: dt.date, withdrawn: dt.date | None) -> Decimal | None:
        """CMV-DNA in copies/mL on ``day``; None when the assay detects nothing."""
        treated = (day - self.day0).days if self.day0 else 0
        faster = 1.35 if self.arm_effect else 1.0
        level = self.log10_copies - self.decline_a_day * faster * max(treated, 0)
        if self.fate is Fate.RISES:
            rising = min(max(treated, 0), RISES_DAYS)
            level = self.log10_copies + 0.09 * rising - 0.05 * max(treated - RISES_DAYS, 0)
        if self.fate is Fate.RELAPSES and withdrawn and (day - withdrawn).days > 25:
            level = 2.4 + 0.035 * ((self.rescued or day) - withdrawn).days
        if self.rescued and day > self.rescued:
            level -= self.decline_a_day * (day - self.rescued).days
        level += self.random.gauss(0, 0.12)
        copies = Decimal(int(10 ** min(level, 7.5)))
        return copies if copies >= LOD else None

    def lysis(self, day: dt.date) -> float:
        """Specific lysis in percent at the protocol's ratio."""
        if self.day0 is None or day <= self.day0:
            return self.nk_baseline + self.random.gauss(0, 0.4)
        gain = self.random.gauss(9.3, 3.3) if self.arm_effect else self.random.gauss(1.5, 2.6)
        return max(self.nk_baseline + gain, 1.0)

    def nk_percent(self, day: dt.date) -> float:
        """NK cells, percent of lymphocytes: more of them under IL-2."""
        rise = 6.0 if self.arm_effect and self.day0 and day > self.day0 else 0.5
        return max(self.immune.uniform(7, 15) + rise, 1.0)

    def percent_of_effectors(self) -> Decimal:
        """NK cells among the effectors of a plate."""
        return tenths(self.immune.uniform(8, 18))

    def igg(self) -> float:
        """AU/mL: nearly everybody has met the virus before."""
        return self.immune.uniform(40, 180)

    def neutrophils(self, day: dt.date) -> Decimal:
        """10⁹/L: falls under ganciclovir, deeply and for some days where fate says so."""
        treated = (day - self.day0).days if self.day0 else 0
        if self.fate is Fate.HELD and 4 <= treated <= 9:
            return Decimal("0.46") + hundredths(self.random.uniform(0, 0.03))
        return hundredths(max(4.2 - 0.12 * treated, 1.6) + self.random.gauss(0, 0.3))

    def creatinine(self) -> Decimal:
        return Decimal(self.random.randint(52, 92))


def tenths(number: float) -> Decimal:
    return Decimal(f"{number:.1f}")


def hundredths(number: float) -> Decimal:
    return Decimal(f"{number:.2f}")
