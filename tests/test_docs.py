"""README says what is so: every command stands in it, and its commands run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from ui.arguments import parser
from ui.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith("$ pullquote")]


def test_every_command_is_documented() -> None:
    choices = next(a.choices for a in parser()._actions if isinstance(a.choices, dict))
    for name in choices or ():
        assert re.search(rf"pullquote (--\w+ \S+ )*{name}\b", README), name


def test_every_make_target_is_documented() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for target in targets:
        assert f"make {target}" in README, target


@pytest.mark.model
def test_the_commands_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    (tmp_path / "report.txt").write_text("The bridge was closed on Monday. It opens again in May.\n")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "ferry.md").write_text("# The ferry\n\nThe ferry sails at nine.\n")
    monkeypatch.chdir(tmp_path)
    run = [c for c in COMMANDS if not re.search(r"\b(serve|eval)\b", c)]
    assert len(run) >= 6
    for command in run:
        assert main(["--home", str(tmp_path / "home"), *shlex.split(command, comments=True)[1:]]) == 0, command
