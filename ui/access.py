"""Who may use the server: from where, under which names, with or without a password.

A server on this machine alone asks for no password, but a web page of any site that is open in the same browser can
send it requests. Such a page is told by its `Origin`. One that has its name lead here (DNS rebinding) is told by the
`Host`: a name can be made to lead elsewhere, an address cannot.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from index.errors import InputError
from ui.passwords import Users, parse_users

VARIABLE = "PULLQUOTE_AUTH"
_HINT = "make its lines with `pullquote password USER`"


@dataclass(frozen=True, slots=True)
class Access:
    """What a server asks of a request: a password, if there are `users`, and that it comes from its own pages.

    `own` are the names that this machine has, `names` those that it is told to have: behind a proxy, pages of these
    come with another `Host`.
    """

    users: Users | None = None
    own: frozenset[str] = frozenset({"localhost"})
    names: frozenset[str] = frozenset()

    def refusal(self, host: str, origin: str | None) -> str:
        """Return why a request with these headers is refused, in one line; nothing when it is let in.

        Where a password is asked for, any name may lead here: a page of another name has not got the password.
        """
        name = _name_of(f"//{host}")
        if name is None or not (self.users or name in self.own | self.names or _is_address(name)):
            return f"this server is not known as {host[:100]!r}: if that is its name, start it with --name"
        if origin is None:
            return ""
        if _name_of(origin) in self.names or urlsplit(origin).netloc.lower() == host.lower():
            return ""
        return f"the request comes from {origin[:100]!r}: if that is this page's address, start the server with --name"


def choose_access(
    host: str, *, auth: Path | None, no_auth: bool, names: Collection[str], environment: Mapping[str, str]
) -> Access:
    """Return the access to a server that listens on `host`.

    The users are those of the file `auth`, or of the variable `PULLQUOTE_AUTH`, which holds such lines itself. Raises
    `InputError` when they cannot be read, and when other machines could get in and nothing says that they may.
    """
    users = None if no_auth else _users(auth, environment)
    if users is None and not no_auth and not is_loopback(host):
        raise InputError(
            f"--host {host} lets other machines in: give --auth FILE ({_HINT}), or --no-auth to let in everybody who "
            "can reach it"
        )
    machine = socket.gethostname().lower()
    own = frozenset({"localhost", host.lower(), machine, f"{machine}.local"})
    return Access(users, own, frozenset(name.lower() for name in names))


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on can be reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _users(auth: Path | None, environment: Mapping[str, str]) -> Users | None:
    if auth is None:
        lines = environment.get(VARIABLE, "")
        return parse_users(lines, place=f"the variable {VARIABLE}") if lines.strip() else None
    try:
        text = auth.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the users of {str(auth)!r} ({error}): give a file, and {_HINT}") from error
    return parse_users(text, place=repr(str(auth)))


def _name_of(url: str) -> str | None:
    """Return the host of a URL in lower case, None where there is none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
