"""Medicines that matter beside ganciclovir, by the words that are typed."""

import pytest

from safety.rules.interactions import medicines_named, warnings_of
from trial_site.protocol import current

TABLE = current().safety.interactions
FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in "TACROLIMUS")  # a Chinese keyboard's


def codes(name: str) -> list[str]:
    return [row.code for row in medicines_named(name, TABLE)]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("imipenem", "imipenem"),
        ("TIENAM (Imipenem/Cilastatin) 500 mg", "imipenem"),
        ("注射用亚胺培南西司他丁钠", "imipenem"),
        ("Mycophenolate mofetil", "mycophenolate"),
        ("CellCept", "mycophenolate"),
        ("吗替麦考酚酯胶囊", "mycophenolate"),
        ("zidovudine", "zidovudine"),
        ("齐多夫定", "zidovudine"),
        ("Cyclosporine A", "ciclosporin"),
        ("环孢素", "ciclosporin"),
        (FULL_WIDTH, "tacrolimus"),
        ("他克莫司", "tacrolimus"),
        ("两性霉素B", "amphotericin"),
        ("gentamicin", "gentamicin"),
        ("硫酸阿米卡星", "amikacin"),
    ],
)
def test_a_name_is_found_by_the_words_in_it(typed: str, code: str) -> None:
    assert codes(typed) == [code]


@pytest.mark.parametrize("typed", ["", "paracetamol", "对乙酰氨基酚", "meropenem", "imi penem"])
def test_any_other_name_warns_of_nothing(typed: str) -> None:
    assert codes(typed) == []


def test_two_in_one_name_warn_twice_in_the_order_of_the_protocol() -> None:
    assert codes("tacrolimus and imipenem") == ["imipenem", "tacrolimus"]


def test_every_row_of_the_protocol_finds_itself_and_says_why() -> None:
    for row in TABLE:
        for word in row.words:
            assert row.code in codes(word.upper())
        [warning] = warnings_of(row.words[0], [row])
        assert str(warning) == f"{row.name}: {row.warning}"
