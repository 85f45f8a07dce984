"""The mapping screen: what the columns and the words of one file mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Texts
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labs.forms import mapping_fields as fields
from labs.importing.contents import Column, Contents
from labs.importing.described import DATE_ORDERS, FLAGS, TRANSLATED
from labs.rules.completeness import check
from labs.rules.dates import DateOrder
from labs.rules.guessing import guess
from labs.rules.mapping import Mapping
from labs.rules.meanings import NAMES, WIDE, Meaning
from labs.rules.vocabulary import folded
from oversight.forms import EntryForm
from trial_site.messages import Message

# Where a fault of the mapping is mended that names neither a column nor a constant.
PLACES = {
    "Say what the specimen is: a column, or one kind for all rows.": "all-specimen",
    "Say what was measured: a column, or one analyte for all rows.": "all-analyte",
    "Say in which unit: a column, or one unit for all rows.": "all-unit",
    "Say which column, or which time, goes with the date.": "all-collected_time",
}


@dataclass(frozen=True)
class ColumnFields:
    """A column of the file with what is asked about it."""

    column: Column
    meaning: BoundField
    detail: BoundField | None


@dataclass(frozen=True)
class WordFields:
    """The words of one kind that need a translation."""

    title: Any
    words: list[BoundField]


class MappingForm(EntryForm):
    """The mapping of one file.

    What is asked follows from what is typed: a column that chooses rows asks which, and the words
    under a column are asked about.  ``begun`` is the mapping that the fields begin with; words of
    it that this file lacks are kept.
    """

    name = forms.CharField(
        label=_("Name of this mapping"),
        max_length=60,
        help_text=_("Kept for the laboratory’s next files"),
    )
    reason = forms.CharField(
        label=_("Why does it change?"),
        required=False,
        max_length=500,
        help_text=_("Needed where a saved mapping changes"),
        widget=forms.Textarea({"rows": 2}),
    )
    date_order = forms.ChoiceField(
        label=_("Dates"), choices=list(DATE_ORDERS.items()), widget=forms.RadioSelect
    )
    not_detected = forms.CharField(
        label=_("What means not detected"),
        required=False,
        help_text=_("As the file writes it, for example 0.0; one on each line"),
        widget=forms.Textarea({"rows": 2, "class": "num"}),
    )

    def __init__(
        self, *args: Any, contents: Contents, begun: Mapping, subjects: Sequence[str], **kwargs: Any
    ):
        self.contents, self.begun, self.subjects = contents, begun, subjects
        super().__init__(*args, **kwargs)
        for flag, label in FLAGS.items():
            self.fields[flag] = forms.BooleanField(label=label, required=False)
            self.fields[flag].initial = getattr(begun, flag)
        self.fields["date_order"].initial = begun.date_order.value
        self.fields["not_detected"].initial = "\n".join(begun.not_detected)
        self._add_columns()
        self._add_constants()
        self._add_words()

    def _add(self, name: str, field: forms.Field, initial: str) -> None:
        field.initial = initial
        self.fields[name] = field

    def _add_columns(self) -> None:
        if self.contents.is_hl7:
            return
        for number, column in enumerate(self.contents.columns):
            meaning = self.begun.columns.get(column.header, Meaning.IGNORED.value)
            self._add(f"column-{number}", fields.meaning_field(column), meaning)
            typed = self._typed(f"column-{number}")
            if typed == Meaning.FILTER:
                wanted = self.begun.filters.get(column.header, "")
                self._add(f"filter-{number}", fields.filter_field(column), wanted)
            elif typed.startswith(WIDE):
                unit = self.begun.column_units.get(column.header, "")
                field = fields.column_unit_field(column, typed.removeprefix(WIDE))
                self._add(f"unit-{number}", field, unit)

    def _add_constants(self) -> None:
        """The analyte first: which units are offered follows from it."""
        constants = dict(self.begun.constants)
        if self.is_bound:
            constants["analyte"] = self.data.get("all-analyte", "")
        known = Mapping(columns=self._columns, constants=constants)
        for meaning, field in fields.constant_fields(known).items():
            self._add(f"all-{meaning}", field, self.begun.constant(meaning))

    def _add_words(self) -> None:
        for meaning, words in self.contents.strange_words(self.mapping, self.subjects).items():
            for word in words:
                field = fields.word_field(meaning, word, self.subjects)
                self._add(fields.word_key(meaning, word), field, self._translated(meaning, word))

    def _translated(self, meaning: Meaning, word: str) -> str:
        begun = {folded(one): own for one, own in self._begun_words(meaning).items()}
        own = begun.get(folded(word))
        return fields.LEFT_OUT if own == "" else own or ""

    def _begun_words(self, meaning: Meaning) -> Texts[str, str]:
        words: Texts[str, str] = getattr(self.begun, f"{meaning}s")
        return words

    # --- what is typed ----------------------------------------------------------------------

    def _typed(self, name: str) -> str:
        """What stands in the field now: as it was posted, or as it begins."""
        if self.is_bound:
            return str(self.data.get(self.add_prefix(name), "")).strip()
        return str(self.fields[name].initial or "")

    def _ticked(self, name: str) -> bool:
        return bool(self._typed(name)) and self._typed(name) != "False"

    @property
    def _columns(self) -> dict[str, str]:
        if self.contents.is_hl7:  # what its fields mean is the standard's to say
            return dict(guess(self.contents.header).columns)
        return {
            column.header: self._typed(f"column-{number}") or Meaning.IGNORED.value
            for number, column in enumerate(self.contents.columns)
        }

    def _details(self, kind: str) -> dict[str, str]:
        """``filter`` or ``unit`` of the columns that ask for it."""
        return {
            column.header: self._typed(f"{kind}-{number}")
            for number, column in enumerate(self.contents.columns)
            if f"{kind}-{number}" in self.fields
        }

    @property
    def mapping(self) -> Mapping:
        """What is typed, complete or not."""
        constants = {
            name.removeprefix("all-"): self._typed(name)
            for name in self.fields
            if name.startswith("all-") and self._typed(name)
        }
        order = self._typed("date_order")
        lines = (line.strip() for line in self._typed("not_detected").splitlines())
        return Mapping(
            columns=self._columns,
            column_units={name: unit for name, unit in self._details("unit").items() if unit},
            constants=constants,
            filters=self._details("filter"),
            not_detected=tuple(line for line in lines if line),
            date_order=DateOrder(order) if order in list(DateOrder) else DateOrder.ISO,
            log10=self._ticked("log10"),
            decimal_comma=self._ticked("decimal_comma"),
            thousands=self._ticked("thousands"),
            excel_serials=self._ticked("excel_serials"),
            participants=self._words(Meaning.PARTICIPANT),
            analytes=self._words(Meaning.ANALYTE),
            specimens=self._words(Meaning.SPECIMEN),
            units=self._words(Meaning.UNIT),
        )

    def _words(self, meaning: Meaning) -> dict[str, str]:
        """The translations: what was begun with, and over it what is typed for this file."""
        words = dict(self._begun_words(meaning))
        here = {fields.word_key(meaning, word): word for word in self._all_words(meaning)}
        for name, word in here.items():
            if name not in self.fields:
                continue
            words = {old: own for old, own in words.items() if folded(old) != folded(word)}
            own = self._typed(name)
            if own:
                words[word] = "" if own == fields.LEFT_OUT else own
        return words

    def _all_words(self, meaning: Meaning) -> tuple[str, ...]:
        known = Mapping(columns=self._columns)
        return self.contents.words(known, meaning)

    # --- whether it is enough ---------------------------------------------------------------

    @property
    def faults(self) -> list[tuple[str | None, str]]:
        """What is still missing: the field to mend it in, if there is one, and the sentence."""
        return [
            (self._place(fault), fault.render(gettext))
            for fault in check(self.mapping, self.contents.header)
        ]

    def _place(self, fault: Message) -> str | None:
        header = fault.params.get("column")
        if header in self.contents.header:
            number = self.contents.header.index(str(header))
            detailed = [f"{kind}-{number}" for kind in ("filter", "unit")]
            return next((name for name in detailed if name in self.fields), f"column-{number}")
        meaning = fault.params.get("meaning")
        named = (f"all-{one}" for one, text in NAMES.items() if meaning == Message(text))
        place = next(named, PLACES.get(fault.text, ""))
        return next((name for name in (place, "column-0") if name in self.fields), None)

    @property
    def missing(self) -> list[tuple[str, str]]:
        """``faults`` as links: the input to go to, and the sentence."""
        return [(self[name].auto_id if name else "mapping", text) for name, text in self.faults]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name, text in self.faults:
            self.add_error(name, text)
        return data

    # --- as the page shows it ---------------------------------------------------------------

    @property
    def columns(self) -> Iterator[ColumnFields]:
        for number, column in enumerate(() if self.contents.is_hl7 else self.contents.columns):
            names = (f"{kind}-{number}" for kind in ("filter", "unit"))
            detail = next((self[name] for name in names if name in self.fields), None)
            yield ColumnFields(column, self[f"column-{number}"], detail)

    @property
    def constants(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name.startswith("all-")]

    @property
    def flags(self) -> list[BoundField]:
        """How values are written: what is so or is not."""
        return [self[name] for name in FLAGS]

    @property
    def strange_words(self) -> list[WordFields]:
        found = []
        for meaning, title in TRANSLATED.items():
            keys = (fields.word_key(meaning, word) for word in self._all_words(meaning))
            words = [self[key] for key in keys if key in self.fields]
            if words:
                found.append(WordFields(title, words))
        return found

    @property
    def again(self) -> dict[str, Any]:
        """What an unsaved form of the same mapping begins with, beside ``mapping``."""
        return {name: self._typed(name) for name in ("name", "reason", "entry_key")}
