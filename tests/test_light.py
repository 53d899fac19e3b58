"""Nothing heavy is imported where it is not needed: PyTorch takes seconds to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = "{'torch', 'transformers', 'sentence_transformers', 'huggingface_hub', 'sklearn', 'scipy', 'pandas'}"


def imported(code: str, *arguments: str) -> str:
    """What is said by a Python of its own, and which heavy modules it holds in the end."""
    code = f"import sys\n{code}\nprint(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_fingerprint_imports_nothing_heavy() -> None:
    assert imported("from index.minilm import MiniLMEncoder as E; E().fingerprint") == "[]\n"


@pytest.mark.model
def test_adding_and_asking_import_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "bridge.txt").write_text("The bridge was closed on Monday. It opens again in May.\n")
    code = """
from ui.cli import main
home, path = sys.argv[1:]
for command in ["add", path], ["ask", "When was the bridge closed?"], ["rebuild"]:
    assert main(["--home", home, *command]) == 0
"""
    home = str(tmp_path / "home")
    said = imported(code, home, str(tmp_path / "bridge.txt"))
    assert said.splitlines()[1] == "[1] The bridge was closed on Monday."
    assert said.splitlines()[-1] == "['scipy']"  # bm25s brings it, where an index is made
    assert imported("from ui.cli import main; main(['--home', sys.argv[1], 'ask', 'What?'])", home).endswith("[]\n")


def test_the_page_imports_no_pytorch() -> None:
    assert "torch" not in imported("import ui.app")
