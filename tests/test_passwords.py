"""Passwords: a line that was made lets in whoever has its password, and nobody else."""

from __future__ import annotations

import base64
import hashlib

import pytest

from index.errors import InputError
from ui.passwords import Users, parse_users, password_line

# RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1, 64)
KNOWN = bytes.fromhex(
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
    "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
)


def plain(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def test_a_line_lets_in_its_user_with_its_password_alone() -> None:
    users = parse_users(f"# people\n\n{password_line('anna', 'pässwörd :1')}\n{password_line('bob', 'x')}\n", place="f")
    tries = [("anna", "pässwörd :1"), ("bob", "x"), ("anna", "x"), ("carl", "x")]
    assert [users.accept(*each) for each in tries] == [True, True, False, False]


def test_the_hash_is_scrypt_of_rfc_7914() -> None:
    users = parse_users(f"u:$scrypt$ln=14,r=8,p=1${plain(b'SodiumChloride')}${plain(KNOWN)}", place="f")
    assert users.accept("u", "pleaseletmein")
    assert not users.accept("u", "pleaseletmeim")


def test_two_lines_of_one_password_differ_and_hold_nothing_of_it() -> None:
    one, other = password_line("anna", "hunter2"), password_line("anna", "hunter2")
    assert one != other
    assert one.startswith("anna:$scrypt$ln=15,r=8,p=3$")
    assert "hunter2" not in one
    salt, digest = (base64.b64decode(each + "==") for each in one.split("$")[-2:])
    assert digest == hashlib.scrypt(b"hunter2", salt=salt, n=2**15, r=8, p=3, maxmem=2**26, dklen=32)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no user in 'users'"),
        ("anna:secret", "line 1 of 'users' is not USER:"),
        ("# x\nanna secret", "line 2 of 'users' is not USER:"),
        (f"u:$scrypt$ln=14,r=8,p=1${plain(b'salt')}$AAAAA", "line 1 of 'users' is damaged"),
        (f"u:$scrypt$ln=14,r=8,p=1${plain(b'salt')}${plain(b'short')}", "a hash of 5 bytes"),
        (f"u:$scrypt$ln=30,r=8,p=1${plain(b'salt')}${plain(KNOWN)}", "the costs ln=30,r=8,p=1"),
        (f"u:$scrypt$ln=14,r=0,p=1${plain(b'salt')}${plain(KNOWN)}", "the costs ln=14,r=0,p=1"),
    ],
)
def test_a_bad_line_is_named_and_never_shown(text: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_users(text, place="'users'")
    assert says in str(raised.value)
    assert "`pullquote password USER`" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_user_stands_in_one_line() -> None:
    line = f"u:$scrypt$ln=14,r=8,p=1${plain(b'salt')}${plain(KNOWN)}"
    with pytest.raises(InputError, match="line 2 of f names the user 'u' again"):
        parse_users(f"{line}\n{line}", place="f")


@pytest.mark.parametrize(("user", "password"), [("a:b", "x"), ("", "x"), ("a b", "x"), ("a\n", "x"), ("anna", "")])
def test_what_no_line_can_hold_is_refused(user: str, password: str) -> None:
    with pytest.raises(InputError):
        password_line(user, password)


def test_nobody_gets_in_where_there_is_no_user() -> None:
    assert not Users({}).accept("", "")
