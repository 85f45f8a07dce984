"""A first proposal of what the columns mean, for a person to look at and put right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from labs.rules.dates import DateOrder
from labs.rules.mapping import Mapping
from labs.rules.meanings import WIDE, Meaning
from labs.rules.tables import Row
from labs.rules.vocabulary import find_analyte, find_unit, folded
from trial_site.protocol import current

_WORDS = {
    Meaning.PARTICIPANT: "participant|participant id|subject|subject id|patient|patient id|"
    "patientid|patient no|患者编号|受试者编号|受试者|病人编号|患者id|病历号",
    Meaning.COLLECTED: "collected|collected at|collection time|sampling time|"
    "collection date/time|times|采样时间|采集时间|采集日期时间|标本采集时间",
    Meaning.COLLECTED_DATE: "collection date|sampling date|date collected|采样日期|采集日期",
    Meaning.COLLECTED_TIME: "time of day|采样时刻|采集时刻",
    Meaning.RECEIVED: "received|received at|receipt time|接收时间|签收时间|收样时间",
    Meaning.ACCESSION: "accession|accession number|barcode|sample id|"
    "标本号|标本编号|样本号|样本编号|条码号",
    Meaning.ANALYTE: "analyte|test|test name|code|item|项目|检验项目|项目名称|项目代码",
    Meaning.VALUE: "value|result|results|count|结果|检验结果|检测结果|测定值",
    Meaning.UNIT: "unit|units|单位",
    Meaning.SPECIMEN: "specimen|specimen type|sample type|标本|标本类型|样本类型",
    Meaning.ASSAY: "assay|method|kit|方法|检测方法|试剂盒",
    Meaning.KIT_LOT: "lot|kit lot|lot number|批号|试剂批号",
    Meaning.LOD: "lod|limit of detection|检出限|检测下限",
    Meaning.LLOQ: "lloq|loq|lower limit of quantification|定量下限",
    Meaning.ULOQ: "uloq|upper limit of quantification|定量上限",
    Meaning.LLN: "lln|lower limit of normal|参考下限",
    Meaning.ULN: "uln|upper limit of normal|参考上限",
    Meaning.RANGE: "range|reference range|normal range|参考范围|参考区间|参考值",
    Meaning.STATUS: "status|result status|状态|报告状态",
}
_ANALYTES = {
    "cmv_dna": ("cmv", "cmv dna", "巨细胞病毒核酸", "巨细胞病毒dna", "巨细胞病毒dna定量"),
    "anc": ("neut#", "neutrophils", "中性粒细胞绝对值", "中性粒细胞计数"),
    "wbc": ("白细胞", "白细胞计数", "leukocytes"),
    "hemoglobin": ("hb", "hgb", "hemoglobin", "血红蛋白"),
    "platelets": ("plt", "血小板", "血小板计数"),
    "creatinine": ("crea", "cr", "scr", "肌酐", "血肌酐"),
    "alt": ("丙氨酸氨基转移酶", "谷丙转氨酶"),
    "ast": ("天门冬氨酸氨基转移酶", "谷草转氨酶"),
    "bilirubin": ("tbil", "bilirubin", "总胆红素"),
    "lymphocytes": ("lymph#", "淋巴细胞绝对值", "淋巴细胞计数"),
}
_BY_WORD = {folded(word): meaning for meaning, words in _WORDS.items() for word in words.split("|")}
_BY_NAME = {folded(word): code for code, words in _ANALYTES.items() for word in words}
_WITH_UNIT = re.compile(r"(?P<name>[^(\[]+?)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.][0-9]{4}")


def guess(header: Sequence[str], sample_rows: Iterable[Row] = ()) -> Mapping:
    """A proposal from the names of columns, English or Chinese, and from what stands under them.

    Columns that are not recognised are proposed as not used.  A date's order is proposed only
    where a day above 12 shows it.
    """
    rows = list(sample_rows)
    columns = _columns(header)
    units = {
        name: _unit(name, held.removeprefix(WIDE))
        for name, held in columns.items()
        if held.startswith(WIDE)
    }
    return Mapping(
        columns=columns,
        column_units={name: unit for name, unit in units.items() if unit},
        analytes=_named(header, columns, rows),
        date_order=_order(rows),
    )


def _columns(header: Sequence[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for name in filter(None, header):
        meaning = _BY_WORD.get(_bare(name), "")
        code = "" if meaning else _analyte(name)
        taken = meaning in columns.values()
        columns[name] = f"{WIDE}{code}" if code else "" if taken else str(meaning)
    # One column of results: no analyte has its own.
    one = Meaning.VALUE in columns.values()
    return {
        name: Meaning.IGNORED.value if not held or (one and held.startswith(WIDE)) else held
        for name, held in columns.items()
    }


def _bare(name: str) -> str:
    return folded(name.replace("_", " ")).strip(" :.*#")


def _analyte(name: str) -> str:
    match = _WITH_UNIT.fullmatch(folded(name))
    for word in (name, match["name"] if match else name):
        code = find_analyte(word) or _BY_NAME.get(folded(word), "")
        if code:
            return code
    return ""


def _unit(name: str, code: str) -> str:
    """The unit that the header of ``code`` carries in brackets, if the analyte is taken in it."""
    match = _WITH_UNIT.fullmatch(folded(name))
    return find_unit(current().analyte(code), match["unit"]) if match else ""


def _named(header: Sequence[str], columns: dict[str, str], rows: list[Row]) -> dict[str, str]:
    """The laboratory's words for analytes that the rows use and the protocol does not know."""
    place = next((i for i, name in enumerate(header) if columns.get(name) == Meaning.ANALYTE), None)
    if place is None:
        return {}
    words = {row.cells[place].text for row in rows}
    return {
        word: _BY_NAME[folded(word)]
        for word in sorted(words)
        if folded(word) in _BY_NAME and not find_analyte(word)
    }


def _order(rows: list[Row]) -> DateOrder:
    matches = (_YEAR_LAST.match(cell.text) for row in rows for cell in row.cells)
    found = [(int(match[1]), int(match[2])) for match in matches if match]
    if any(first > 12 for first, _ in found) and all(second <= 12 for _, second in found):
        return DateOrder.DAY_FIRST
    if any(second > 12 for _, second in found) and all(first <= 12 for first, _ in found):
        return DateOrder.MONTH_FIRST
    return DateOrder.ISO
