"""How units are written for people.

Records, exports, forms' choices and rules keep the code that stands in the protocol; only what is
read is spelled.  Standard library only: rules use it too.
"""

SPELLINGS = {
    "10^9/L": "\N{MULTIPLICATION SIGN}10\N{SUPERSCRIPT NINE}/L",
    "10^3/µL": "\N{MULTIPLICATION SIGN}10\N{SUPERSCRIPT THREE}/µL",
}


def spelled(unit: str) -> str:
    """``10^9/L`` as ``×10⁹/L``; every other unit as it is."""
    return SPELLINGS.get(unit, unit)
