"""Nothing is fetched: a question is answered, from an empty library on, without a connection to anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Every way out of Python to another machine goes through one of these two.
GUARD = """
import socket, sys
def refused(*_, **__):
    print("NETWORK", _, file=sys.stderr)
    raise OSError("the network is unplugged")
def only_loopback(connect):
    def checked(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            refused(address)
        return connect(self, address)
    return checked
socket.getaddrinfo = refused
socket.socket.connect = only_loopback(socket.socket.connect)
socket.socket.connect_ex = only_loopback(socket.socket.connect_ex)
from ui.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.model
def test_an_answer_without_a_network(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))}
    done = subprocess.run(
        [sys.executable, "-c", GUARD, "--home", str(tmp_path / "home"), "ask", "What year did Russia invade Georgia?"],
        capture_output=True,
        text=True,
        env={**environment, "HOME": str(tmp_path)},
        check=False,
    )
    assert done.stdout.startswith("[1] Russia invaded Georgia in 2008.\n")
    assert "NETWORK" not in done.stderr
    assert done.returncode == 0
