"""Passwords as they are kept: a line for each user, with a salted hash by scrypt and no password. Pure functions.

    anna:$scrypt$ln=15,r=8,p=3$SALT$HASH

What follows the name is a PHC string (https://github.com/P-H-C/phc-string-format), its bytes in Base64 without padding.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from index.errors import InputError

# OWASP's Password Storage Cheat Sheet: 32 MiB and some tenths of a second for each try.
_LN, _R, _P = 15, 8, 3
_SALT, _HASH = 16, 32  # bytes
_LARGEST = 1 << 28  # bytes of memory that a line may demand of us

_USER = re.compile(r"[^:\s\x00-\x1f\x7f]{1,64}")
_LINE = re.compile(
    r"(?P<user>[^:\s]+):\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/-]+)\$([\w+/-]+)", re.ASCII
)
_REMEDY = "make it with `pullquote password USER`"


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """The hash of one password, and the salt and the costs that it was made with."""

    ln: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def fits(self, password: str) -> bool:
        """Tell whether this is the hash of a password; how long that takes does not depend on the password."""
        return hmac.compare_digest(_scrypt(password, self.salt, self.ln, self.r, self.p, len(self.digest)), self.digest)


# What the password of a user that does not exist is compared with, so that it takes as long.
_NOBODY = PasswordHash(_LN, _R, _P, b"", bytes(_HASH))


@dataclass(frozen=True, slots=True)
class Users:
    """Who may log in, and the hashes of their passwords."""

    hashes: Mapping[str, PasswordHash]

    def accept(self, user: str, password: str) -> bool:
        """Tell whether a user may log in with a password; a name that is not known takes as long as one that is."""
        known = self.hashes.get(user)
        return (known or _NOBODY).fits(password) and known is not None


def password_line(user: str, password: str) -> str:
    """Return the line that lets a user log in with a password.

    Raises `InputError` for a name that cannot stand before a colon, and for a password that is empty.
    """
    if not _USER.fullmatch(user):
        raise InputError(f"{user!r} cannot be a user: give a name of 1 to 64 characters, without colons and blanks")
    if not password:
        raise InputError(f"the password of {user!r} is empty: type one")
    salt = secrets.token_bytes(_SALT)
    digest = _scrypt(password, salt, _LN, _R, _P, _HASH)
    return f"{user}:$scrypt$ln={_LN},r={_R},p={_P}${_encoded(salt)}${_encoded(digest)}"


def parse_users(text: str, *, place: str) -> Users:
    """Read the users of a text with a line each; empty lines and those that begin with # are left out.

    `place` says in messages where the text stands. Raises `InputError` when a line is not understood, a user comes
    twice or there is none.
    """
    hashes: dict[str, PasswordHash] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        user, parsed = _parse(line.strip(), f"line {number} of {place}")
        if user in hashes:
            raise InputError(f"line {number} of {place} names the user {user!r} again: keep one of the lines")
        hashes[user] = parsed
    if not hashes:
        raise InputError(f"there is no user in {place}: add a line and {_REMEDY}")
    return Users(hashes)


def _parse(line: str, where: str) -> tuple[str, PasswordHash]:
    found = _LINE.fullmatch(line)
    if found is None:  # the line may hold a password in the clear: it is not shown
        raise InputError(f"{where} is not USER:$scrypt$...: {_REMEDY}")
    ln, r, p = (int(each) for each in found.groups()[1:4])
    if 0 in (ln, r, p) or (128 * r << ln) > _LARGEST:
        raise InputError(f"{where} has the costs ln={ln},r={r},p={p}, which are none: {_REMEDY}")
    try:
        salt, digest = (_decoded(each) for each in found.groups()[4:])
    except ValueError as error:
        raise InputError(f"{where} is damaged ({error}): {_REMEDY}") from error
    if len(digest) < _HASH // 2:
        raise InputError(f"{where} has a hash of {len(digest)} bytes, which is too short: {_REMEDY}")
    return found["user"], PasswordHash(ln, r, p, salt, digest)


def _scrypt(password: str, salt: bytes, ln: int, r: int, p: int, length: int) -> bytes:
    memory = 128 * r * ((1 << ln) + p + 2)
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=1 << ln, r=r, p=p, maxmem=memory + (1 << 20), dklen=length)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
