from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from index import errors
from index.errors import PullquoteError

PATH = Path("/home/a\nb/generations/000007/file.npy")

ONE_OF_EACH = {
    errors.EmptyQuestion(): ["ask in a few words"],
    errors.ArticleNotFound("a\nb", ["x", "y", "z", "w"]): [
        "'a\\nb'",
        "there are 4: 'x', 'y', 'z', ...",
        "pullquote list",
    ],
    errors.GenerationNotFound("7", [3, 4]): ["generation 7", "there are 3, 4", "pullquote history"],
    errors.AlreadyCurrent(4): ["generation 4", "pullquote history"],
    errors.UnreadableArticle("a\nb", "no\ntext", "save\nit"): ["'a\\nb'", "no text", "save it"],
    errors.ModelNotFound("a\nb", "not\nthere " * 100): ["'a\\nb'", "not there", "--model"],
    errors.BadVectors("row 3 is NaN"): ["row 3 is NaN", "--model"],
    errors.BadQuestionFile("a\nb", "no\nquestion", place="line 4"): ["'a\\nb', line 4: no question", "pullquote eval"],
    errors.UnwritableReport("a\nb", OSError(28, "disk\nfull")): ["'a\\nb'", "(disk full)", "--report"],
    errors.WorkersLost("at the\nsentences"): ["at the sentences", "take fewer of them", "kept"],
    errors.RayUnusable("10.0.0.1:6379", "not\nthere", "start it"): ["'10.0.0.1:6379'", "not there", "start it"],
    errors.EmptyLibrary(PATH): ["a\\nb", "pullquote add PATH"],
    errors.StoreLocked(PATH, 2.5): ["a\\nb", "waited 2.5 s", "try again"],
    errors.UnwritableStore(PATH, OSError("disk\nfull")): ["a\\nb", "disk full", "--home"],
    errors.ModelMismatch("old\n", "new\n"): ["'old\\n'", "'new\\n'", "pullquote rebuild"],
    errors.ModelMismatch("m\n sha256:a settings:b late:c", "m\n sha256:a settings:b late:d"): [
        "another version of the embedding model 'm\\n'",
        "late interaction",
        "pullquote rebuild",
    ],
    errors.SegmenterMismatch("old\n", "new\n"): ["'old\\n'", "'new\\n'", "pullquote rebuild"],
    errors.FormatMismatch(PATH, 2, 1): ["a\\nb", "format 2", "formats up to 1", "install"],
    errors.SchemaMismatch("some\nrows", 2, 1): ["some\\nrows", "schema 2", "schema 1", "install", "--uri"],
    errors.EngineMissing("pymilvus.client"): ["'pymilvus'", "pip install 'pullquote[milvus]'"],
    errors.EngineRefused("http://a\nb", "auth\nfailed"): ["'http://a\\nb'", "auth failed", "--token"],
    errors.EngineUnreachable("http://a\nb", "con\nnect", 5): ["'http://a\\nb'", "5 s", "con nect", "--uri"],
    errors.BadRows("some\nrows", "lacks\n3 texts"): ["some\\nrows", "lacks 3 texts", "pullquote rebuild"],
    errors.MissingFile(PATH, "is\nmissing", "do\nthis"): ["a\\nb", "is missing", "do this"],
    errors.TruncatedFile(PATH, "is short", "do this"): ["a\\nb", "is short", "do this"],
    errors.ChecksumMismatch(PATH, "is other", "do this"): ["a\\nb", "is other", "do this"],
    errors.BadManifest(PATH, "is odd", "do this"): ["a\\nb", "is odd", "do this"],
}


def all_below(kind: type[PullquoteError]) -> set[type[PullquoteError]]:
    return {kind}.union(*(all_below(below) for below in kind.__subclasses__()))


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_message_is_one_line_with_the_value_and_the_remedy(error: PullquoteError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 500
    for part in ONE_OF_EACH[error]:
        assert part in str(error)


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_error_of_another_process_is_the_same_error(error: PullquoteError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_tree_in_the_docstring_is_the_tree() -> None:
    drawn = [line.strip(" │├└─").split()[0] for line in (errors.__doc__ or "").splitlines() if "─" in line]
    kinds = all_below(PullquoteError)
    assert sorted(drawn) == sorted(kind.__name__ for kind in kinds if kind is not PullquoteError)
    assert {type(error) for error in ONE_OF_EACH} == {kind for kind in kinds if not kind.__subclasses__()}
    assert {kind.__module__ for kind in kinds} == {"index.errors"}
