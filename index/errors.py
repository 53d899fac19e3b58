"""Everything that can go wrong for a reason that is not a bug.

    PullquoteError
    ├── InputError              what was given is wrong
    │   ├── EmptyQuestion         a question without a word in it
    │   ├── ArticleNotFound       no article of that id in the library
    │   ├── GenerationNotFound    no generation of that number in the library
    │   ├── AlreadyCurrent        the generation to go back to is the current one
    │   ├── UnreadableArticle     missing, empty, not UTF-8 or of a kind that is not read
    │   ├── ModelNotFound         no embedding model of that name or in that folder
    │   ├── BadVectors            a model gave NaN, infinity or another number of dimensions
    │   ├── BadQuestionFile       a question file that cannot be understood
    │   └── UnwritableReport      no folder of that name, no permission, a full disk
    ├── WorkersLost             worker processes died one after the other
    ├── RayUnusable             a cluster cannot be reached, or lacks what is needed
    └── StoreError              the library on disk
        ├── EmptyLibrary          there is nothing in it yet
        ├── StoreLocked           another process is writing
        ├── UnwritableStore       no permission, a full disk
        ├── ModelMismatch         built with another embedding model
        ├── SegmenterMismatch     built with another way to split sentences
        ├── FormatMismatch        written in a format of another version
        ├── SchemaMismatch        collections of another version, on a Milvus
        ├── EngineMissing         the packages of an engine are not installed
        ├── EngineFailed          a Milvus could not do what it was asked
        │   ├── EngineUnreachable   it does not answer in time
        │   └── EngineRefused       it does not take the token
        └── DamagedGeneration     the files are not what was written
            ├── MissingFile         a file is gone
            ├── TruncatedFile       a file is shorter than it was
            ├── ChecksumMismatch    a file's bytes are not the ones that were written
            ├── BadManifest         CURRENT, the manifest or a data file cannot be understood
            └── BadRows             rows of a Milvus are missing, or not what was written

Every message is one line that names the value and the remedy.
"""

# ruff: noqa: N818  (the names say what happened; "Error" at the end of each would say nothing more)

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_LONGEST_VALUE = 120
_REBUILD = "run `pullquote rebuild`"


def _shown(value: object) -> str:
    """Return a value as it appears in a message: quoted, on one line, cut when it is long."""
    text = repr(str(value))
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 4] + "...'"


def _one_line(text: object) -> str:
    """Put text of another library or of the operating system on one line."""
    return " ".join(str(text).split())


class PullquoteError(Exception):
    """Base of every error that people are told about in one line. It can be pickled: workers hand it on."""

    def __reduce__(self) -> tuple[object, ...]:
        # Not by the arguments of the class, of which the message was made.
        return _unpickled, (type(self), self.args), self.__dict__


def _unpickled(kind: type[PullquoteError], arguments: tuple[str, ...]) -> PullquoteError:
    return kind.__new__(kind, *arguments)


class InputError(PullquoteError):
    """What the user gave cannot be used."""


class EmptyQuestion(InputError):
    """A question without a word in it."""

    def __init__(self) -> None:
        super().__init__("the question is empty: ask in a few words what you want to know")


class ArticleNotFound(InputError):
    """No article of that id is in the library."""

    def __init__(self, article_id: str, known: Sequence[str] = ()) -> None:
        self.article_id = article_id
        few = ", ".join(_shown(name) for name in known[:3])
        there = f" (there are {len(known)}: {few}{', ...' if len(known) > 3 else ''})" if known else ""
        super().__init__(f"no article {_shown(article_id)} in the library{there}: see the ids with `pullquote list`")


class GenerationNotFound(InputError):
    """No generation of that number is in the library; `wanted` is "7", or "before 7"."""

    def __init__(self, wanted: str, known: Sequence[int]) -> None:
        there = ", ".join(map(str, known)) or "none"
        super().__init__(
            f"no generation {wanted} in the library (there {'is' if len(known) < 2 else 'are'} {there}): "
            "see them with `pullquote history`"
        )


class AlreadyCurrent(InputError):
    """The generation that was asked for is the current one."""

    def __init__(self, number: int) -> None:
        super().__init__(f"generation {number} is the current one already: choose another of `pullquote history`")


class UnreadableArticle(InputError):
    """A text that cannot become an article; `reason` says what is wrong with it, `remedy` what to do."""

    def __init__(self, source: Path | str, reason: str, remedy: str) -> None:
        self.source = str(source)
        super().__init__(f"cannot read the article {_shown(source)}: {_one_line(reason)}; {_one_line(remedy)}")


class ModelNotFound(InputError):
    """No embedding model of that name, or none in that folder."""

    def __init__(self, model: str, reason: object = "") -> None:
        self.model = model
        because = f" ({_one_line(reason)[:200]})" if reason else ""
        super().__init__(
            f"no embedding model {_shown(model)}{because}: give the folder of a sentence-transformers model or a name "
            "that can be downloaded, or leave out --model for the bundled one"
        )


class BadVectors(InputError):
    """Vectors that cannot be searched: NaN, infinity, not of unit length, or another dimension."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the embedding model gave vectors that cannot be used: {reason}; choose another --model")


class BadQuestionFile(InputError):
    """A question file that cannot be understood; `place` is the line or key where."""

    def __init__(self, path: Path | str, reason: str, *, place: str = "") -> None:
        where = f", {place}" if place else ""
        super().__init__(
            f"cannot read the questions of {_shown(path)}{where}: {_one_line(reason)}; see `pullquote eval --help`"
        )


class UnwritableReport(InputError):
    """The page of an evaluation that cannot be written."""

    def __init__(self, path: Path | str, reason: OSError) -> None:
        why = _one_line(reason.strerror or reason)
        super().__init__(f"cannot write the report {_shown(path)} ({why}): give another file with --report")


class WorkersLost(PullquoteError):
    """Worker processes died one after the other; `where` says of what."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"worker processes ended one after the other {_one_line(where)}: take fewer of them where memory is short, "
            "or none; what is embedded already is kept for the next try"
        )


class RayUnusable(PullquoteError):
    """A Ray cluster cannot be used; `reason` says why, `remedy` what to do."""

    def __init__(self, address: str, reason: object, remedy: str) -> None:
        super().__init__(f"cannot use the Ray {_shown(address)} ({_one_line(reason)[:200]}): {remedy}")


class StoreError(PullquoteError):
    """The library on disk cannot be used as it is."""


class EmptyLibrary(StoreError):
    """Nothing has been added yet."""

    def __init__(self, root: Path | str) -> None:
        super().__init__(f"the library {_shown(root)} is empty: add an article with `pullquote add PATH`")


class StoreLocked(StoreError):
    """Another process is writing to the library; `holder` says which."""

    def __init__(self, root: Path | str, seconds: float, holder: str = "another process") -> None:
        super().__init__(
            f"the library {_shown(root)} is being written by {_one_line(holder)[:200]}; waited {seconds:g} s for it: "
            "try again when that has finished"
        )


class UnwritableStore(StoreError):
    """The library's folder cannot be written: permissions, a full disk."""

    def __init__(self, root: Path, reason: object) -> None:
        super().__init__(
            f"cannot write the library {_shown(root)} ({_one_line(reason)}): free space or permissions there, "
            "or choose another folder with --home"
        )


class ModelMismatch(StoreError):
    """The generation was built with another embedding model, or with other weights of it."""

    def __init__(self, built_with: str, given: str) -> None:
        before, now = (fingerprint.partition(" sha256:")[0] for fingerprint in (built_with, given))
        if before == now != given:  # their digests differ, which nobody compares by eye
            super().__init__(
                f"the index was built with another version of the embedding model {_shown(now)}, "
                f"or of the late interaction on it: {_REBUILD}"
            )
            return
        super().__init__(
            f"the index was built with the embedding model {_shown(before)}, not with {_shown(now)}: "
            f"{_REBUILD} with this model, or give the --model of before"
        )


class SegmenterMismatch(StoreError):
    """The generation was built with another way to split sentences."""

    def __init__(self, built_with: str, given: str) -> None:
        super().__init__(f"the index was split by {_shown(built_with)}, this is {_shown(given)}: {_REBUILD}")


class FormatMismatch(StoreError):
    """The generation is written in a format that this version does not read."""

    def __init__(self, path: Path, found: int, supported: int) -> None:
        super().__init__(
            f"{_shown(path)} is in format {found}, this version reads formats up to {supported}: install the version "
            "of pullquote that wrote it, or remove the library's folder and add the articles again"
        )


class SchemaMismatch(StoreError):
    """The collections of a library on a Milvus are of a schema that this version does not read."""

    def __init__(self, collection: str, found: int, supported: int) -> None:
        super().__init__(
            f"the collection {_shown(collection)} is of schema {found}, this version reads schema {supported}: install "
            "the version of pullquote that wrote it, or give another --uri and add the articles again"
        )


class EngineMissing(StoreError):
    """A package that an engine needs is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"--engine milvus needs the package {_shown(package.partition('.')[0])}: pip install 'pullquote[milvus]'"
        )


class EngineFailed(StoreError):
    """A Milvus could not do what it was asked."""

    def __init__(self, uri: str, reason: str, remedy: str = "see what its log says, and try again") -> None:
        super().__init__(f"the Milvus at {_shown(uri)} failed ({_one_line(reason)[:200]}): {remedy}")


class EngineUnreachable(EngineFailed):
    """A Milvus does not answer in time."""

    def __init__(self, uri: str, reason: str, seconds: float) -> None:
        super().__init__(
            uri, f"no answer in {seconds:g} s: {reason}", "see that it runs and can be reached, or give another --uri"
        )


class EngineRefused(EngineFailed):
    """A Milvus does not take the token."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(
            uri, reason, "give --token USER:PASSWORD of a user who may write there, or set it in PULLQUOTE_MILVUS_TOKEN"
        )


class DamagedGeneration(StoreError):
    """A file of the library is not what was written. `path` is the file, `what` is wrong with it."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        self.path = path
        self.what = _one_line(what)
        super().__init__(f"{_shown(path)} {self.what}: {_one_line(remedy)}")


class MissingFile(DamagedGeneration):
    """A file of the library is gone."""


class TruncatedFile(DamagedGeneration):
    """A file of the library is shorter than it was written."""


class ChecksumMismatch(DamagedGeneration):
    """A file's bytes are not the ones that were written."""


class BadManifest(DamagedGeneration):
    """CURRENT, the manifest or a data file cannot be understood."""


class BadRows(DamagedGeneration):
    """Rows of a Milvus are missing, or are not what was written."""

    def __init__(self, collection: str, what: str, remedy: str = _REBUILD) -> None:
        super().__init__(Path(collection), what, remedy)
