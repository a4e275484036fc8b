"""Identifiers and their check characters, against ones that are public."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import LocalError
from iso15118.messages.identifiers import canonical, check_character, emaid_doubt, evcc_id, pcid_doubt, session_id

EMAIDS = """
NN123ABCDEFGHIT FRXYZ1234567892 ITA1B2C3E4F5G64 ESZU8WOX834H1DR PT73902837ABCZZ DE83DUIEN83QGZD DE83DUIEN83ZGQM DE8AA0012345670
""".split()
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("emaid", EMAIDS)
def test_check_characters_of_known_contracts(emaid: str) -> None:
    assert check_character(emaid[:-1]) == emaid[-1]
    assert emaid_doubt(emaid) == ""
    assert emaid_doubt(f"{emaid[:2]}-{emaid[2:5]}-{emaid[5:14]}-{emaid[14:]}".lower()) == ""
    assert emaid_doubt(emaid[:14]) == ""


@pytest.mark.parametrize("emaid", EMAIDS)
@pytest.mark.parametrize("place", [0, 4, 13, 14])
def test_one_wrong_character_is_noticed(emaid: str, place: int) -> None:
    wrong = CHARACTERS[(CHARACTERS.index(emaid[place]) + 10) % 36] if place > 1 else "XQ"[emaid[place] == "X"]
    assert "check character" in emaid_doubt(emaid[:place] + wrong + emaid[place + 1 :])


def test_a_wrong_check_is_told_with_the_right_one() -> None:
    assert emaid_doubt("DE8AA1A2B3C4D5-9") == "'DE8AA1A2B3C4D5-9' has the check character 9, computed is V"


@pytest.mark.parametrize("text", ["", "DE8AA", "1E8AA001234567", "DE8AA00123456700", "DE8AA00123456é0", "DE8AA\n01234567"])
def test_another_form_is_told(text: str) -> None:
    assert emaid_doubt(text) == f"{text!r} is no eMAID: two letters and 12 letters or digits are wanted, and perhaps a check character"


@given(st.text(CHARACTERS, min_size=1, max_size=40))
def test_a_check_character_makes_neighbours_unmistakable(characters: str) -> None:
    right = characters + check_character(characters)
    for i in range(len(right) - 1):
        swapped = right[:i] + right[i + 1] + right[i] + right[i + 2 :]
        assert (check_character(swapped[:-1]) == swapped[-1]) == (swapped == right)


@given(st.text())
def test_any_text_gets_a_doubt_or_none(text: str) -> None:
    assert isinstance(emaid_doubt(text), str)
    assert isinstance(pcid_doubt(text), str)


def test_a_check_of_what_is_no_character_is_refused() -> None:
    with pytest.raises(LocalError, match="'-' has no place"):
        check_character("DE-8AA")


def test_provisioning_ids() -> None:
    bare = "WMIP0123456789ABC"
    right = bare + check_character(bare)
    assert pcid_doubt(right) == ""
    assert pcid_doubt(f"wmi-p0123456789abc-{right[-1]}") == ""
    wrong = "0" if right[-1] != "0" else "1"
    assert pcid_doubt(bare + wrong) == f"{bare + wrong!r} has the check character {wrong}, computed is {right[-1]}"
    assert "18 letters and digits" in pcid_doubt(bare)


def test_separators_and_case_do_not_tell_contracts_apart() -> None:
    assert canonical("de-8aa-001234567-0") == canonical("DE8AA0012345670") == "DE8AA0012345670"


def test_session_ids() -> None:
    assert session_id("00aaBBccddEEff01") == bytes.fromhex("00AABBCCDDEEFF01")
    for text in ("", "00", "00aabbccddeeff0102", "00aabbccddeeffzz"):
        with pytest.raises(LocalError, match="16 hexadecimal digits"):
            session_id(text)


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        ("020000abcdef", "02:00:00:AB:CD:EF"),
        ("020000abcdef0000", "02:00:00:AB:CD:EF"),
        ("0000020000abcdef", "02:00:00:AB:CD:EF"),
        ("020000abcdef0001", "02:00:00:AB:CD:EF:00:01"),
        ("", ""),
    ],
)
def test_evccids_of_the_older_editions_are_mac_addresses(octets: str, told: str) -> None:
    assert evcc_id(bytes.fromhex(octets)) == told
