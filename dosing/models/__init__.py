"""Orders and holds, administrations with how they were borne, and the stock they come from."""

from dosing.models.administrations import Administration, Reaction, VitalSigns
from dosing.models.orders import BodyWeight, DoseReview, Hold, Order, Withdrawal
from dosing.models.scope import (
    CourseChoice,
    DosingQuerySet,
    DrugChoice,
    StockQuerySet,
    UnitChoice,
)
from dosing.models.stock import Discrepancy, Lot, StockEntry

__all__ = [
    "Administration",
    "BodyWeight",
    "CourseChoice",
    "Discrepancy",
    "DoseReview",
    "DosingQuerySet",
    "DrugChoice",
    "Hold",
    "Lot",
    "Order",
    "Reaction",
    "StockEntry",
    "StockQuerySet",
    "UnitChoice",
    "VitalSigns",
    "Withdrawal",
]
