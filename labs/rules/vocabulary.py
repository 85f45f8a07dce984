"""What laboratories call analytes, units and specimens, and what the protocol calls them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from trial_site.protocol import by_version, current
from trial_site.protocol.definition import Analyte

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED_FIGURES = re.compile("10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_POWER = re.compile(r"10(?:\*|\*\*|e\+?|\^)0?(\d+)")
_TIMES = re.compile(r"^[x×*]\s*")

# HL7 table 0487, and the words of hospitals.
_SPECIMENS = {
    "plasma": ("plasma", "plas", "pl", "血浆", "edta plasma"),
    "whole_blood": ("whole_blood", "whole blood", "bld", "wb", "全血"),
    "serum": ("serum", "ser", "血清"),
    "pbmc": ("pbmc", "外周血单个核细胞"),
}
SPECIMENS = tuple(_SPECIMENS)
_STATUSES = {
    "preliminary": ("preliminary", "p", "初步", "初步报告"),
    "final": ("final", "f", "已审核", "最终", "最终报告"),
    "corrected": ("corrected", "c", "已更正", "更正"),
}


@lru_cache(maxsize=4096)  # a file says few words, in many rows
def folded(text: str) -> str:
    """``text`` without what people do not mean by it: case, width, white space at the ends."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def find_analyte(word: str) -> str:
    """The code of the analyte whose code, name or LOINC ``word`` is; empty for another."""
    return _analytes(current().version).get(folded(word), "")


@cache
def _analytes(version: str) -> Mapping[str, str]:
    return {
        folded(word): analyte.code
        for analyte in by_version(version).analytes
        for word in (analyte.code, analyte.name, analyte.loinc)
        if word
    }


def find_unit(analyte: Analyte, printed: str) -> str:
    """The unit of ``analyte`` that ``printed`` names, by UCUM or as people write it, or empty.

    Only a difference of writing is passed over: 10*9/L, 10⁹/L and ×10^9/l are one unit.
    """
    return _units(current().version, analyte.code).get(_written(printed), "")


@cache
def _units(version: str, code: str) -> Mapping[str, str]:
    """Every writing that names one unit of the analyte, and no other."""
    protocol = by_version(version)
    names: dict[str, set[str]] = {}
    for unit in protocol.analyte(code).taken_units:
        for writing in (unit, protocol.ucum.get(unit, unit)):
            names.setdefault(_written(writing), set()).add(unit)
    return {writing: units.pop() for writing, units in names.items() if len(units) == 1}


@lru_cache(maxsize=1024)
def _written(unit: str) -> str:
    figures = _RAISED_FIGURES.sub(lambda match: f"10^{match[1].translate(_RAISED)}", unit)
    text = folded(figures).replace("μ", "u").replace("拷贝", "copies")
    return _POWER.sub(r"10^\1", _TIMES.sub("", text)).replace(" ", "")


def find_specimen(word: str) -> str:
    """The kind of specimen that ``word`` names; empty for another."""
    return _named(_SPECIMENS, word)


def find_status(word: str) -> str:
    """``preliminary``, ``final`` or ``corrected``; empty for another."""
    return _named(_STATUSES, word)


def _named(names: Mapping[str, tuple[str, ...]], word: str) -> str:
    wanted = folded(word)
    return next((code for code, words in names.items() if wanted in words), "")
