"""`pki.picture`: who has issued whom, and what is left of each one's time, at a glance."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509

from iso15118.pki.keys import new_key
from iso15118.pki.picture import picture
from iso15118.pki.profiles import Profile
from iso15118.pki.tree import Member, Tree, issue


def drawn(tree: Tree, days: float, *roles: str, keys: tuple[str, ...] = ()) -> list[str]:
    return picture({role: tree[role].certificate for role in roles}, tree.now + timedelta(days=days), keys)


def test_a_certificate_stands_below_who_has_issued_it(tree: Tree) -> None:
    lines = drawn(tree, 0, "secc", "cps_sub1", "mo_root", "cpo_sub2", "v2g_root", "cpo_sub1", keys=("secc",))
    assert [line[: line.index("  ", 8)].rstrip() for line in lines] == [
        "MO Root CA", "V2G Root CA", "├─ CPS Sub-CA 1", "└─ CPO Sub-CA 1", "   └─ CPO Sub-CA 2", "      └─ DECLPE12345",
    ]  # fmt: skip
    assert [line for line in lines if " key " in line] == [lines[-1]]
    assert len({line.index("█") for line in lines}) == 1


def test_the_bar_is_the_time_that_is_left(tree: Tree) -> None:
    def bar(days: float) -> tuple[int, str]:
        line = drawn(tree, days, "secc")[0]
        return line.count("█"), line.rsplit("  ", 1)[1]

    assert bar(0) == (16, "59 days left")
    assert bar(30) == (8, "29 days left")
    assert bar(50) == (3, "9 days left: renew it")
    assert bar(59.9) == (1, "0 days left: renew it")
    assert bar(61) == (0, "EXPIRED on 2026-03-01")
    assert bar(-1) == (16, "not valid before 2025-12-31")


def test_whose_issuer_is_not_there_stands_alone(tree: Tree) -> None:
    assert [line[:7] for line in drawn(tree, 0, "secc", "cpo_sub1")] == ["DECLPE1", "CPO Sub"]


def test_two_that_vouch_for_each_other_are_drawn_once(tree: Tree) -> None:
    keys = {name: new_key("ed448") for name in "AB"}
    made: dict[str, x509.Certificate] = {}
    for name, other in ("AB", "BA"):
        above = issue(
            Profile(cn=other, ca=True, days=9.0), keys[other].public_key(), now=tree.now, names={}, issuer=None, own_key=keys[other]
        )
        profile = Profile(cn=name, ca=True, days=9.0)
        made[name] = issue(profile, keys[name].public_key(), now=tree.now, names={}, issuer=Member(other, above, keys[other], None))
    assert [line[:4] for line in picture(made, tree.now)] == ["A   ", "└─ B"]


def test_a_name_moves_no_cursor(tree: Tree) -> None:
    key = new_key("ed448")
    certificate = issue(Profile(cn="\x1b[2J\n", days=9.0), key.public_key(), now=tree.now, names={}, issuer=None, own_key=key)
    assert picture({"a": certificate}, tree.now)[0].startswith("?[2J?  ")
