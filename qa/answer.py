"""From a question to the article's own sentences: the straight line."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.engine import Searchable
from index.errors import EmptyQuestion
from index.types import Sentence, page_of
from index.wordpieces import Pieces
from qa.candidates import candidates
from qa.followup import following, leaning
from qa.reader import Reader
from qa.retrieve import Passage, passages, retrieve
from qa.types import Answer, Candidate, Citation, Quote, Ranked, Reading
from qa.windows import side_by_side

NEAREST = 5
CITATIONS = 3  # at most


def answer(
    question: str,
    index: Searchable,
    reader: Reader,
    *,
    article_ids: Sequence[str] | None = None,
    history: Sequence[str] = (),
    threshold: float | None = None,
    nearest: int = NEAREST,
) -> Answer:
    """Answer a question with sentences of the given articles, or of all.

    `history` holds the questions asked before, oldest first; the last one counts if the question leans on it.
    `threshold` in [0, 1] is the confidence from which on an answer is given, by default the calibration's. `nearest` is
    how many candidates the answer names at most. Raises EmptyQuestion and ArticleNotFound.
    """
    began = time.perf_counter()
    calibration = reader.calibration
    ranked = rank(question, index, reader, article_ids=article_ids, history=history)
    cited = [_citation(one, index) for one in ranked[:nearest]]
    confidence = ranked[0].probability if ranked else 0.0
    enough = confidence >= (calibration.threshold if threshold is None else threshold)
    also = [c for c in cited[1:CITATIONS] if c.probability >= calibration.also]
    return Answer(
        question=question,
        status="answered" if enough and cited else "no_answer",
        confidence=confidence,
        citations=(cited[0], *also) if enough and cited else (),
        nearest=tuple(cited),
        seconds=time.perf_counter() - began,
    )


def rank(
    question: str,
    index: Searchable,
    reader: Reader,
    *,
    article_ids: Sequence[str] | None = None,
    history: Sequence[str] = (),
) -> list[Ranked]:
    """Return the candidates, best first: those that were read before those that were not."""
    if not any(character.isalnum() for character in question):
        raise EmptyQuestion
    before = leaning(question, history)
    query = index.query(question)
    # what is read is found with the question before, too; compared with it, what answers that one would come first
    whole = " ".join([*before, question])
    wide = index.query(whole) if before else query
    hits = retrieve(wide, index, article_ids=article_ids)
    chosen = passages(hits, index)
    asked = list(dict.fromkeys(passage.article_id for passage in chosen))
    pieces = _pieces(chosen, index, reader)
    readings = _read(question, before, chosen, pieces, reader)
    after = following(question, before[0], index, asked) if before else {}
    found = candidates(hits, readings, index.max_sims(query, asked), after)
    return reader.calibration.ranked(whole, _read_again(question, before, found, pieces, reader))


def _pieces(chosen: Sequence[Passage], index: Searchable, reader: Reader) -> list[dict[Sentence, Pieces]]:
    """Return the word pieces of the sentences of each passage."""
    texts = index.texts_of([(passage.article_id, passage.ordinals) for passage in chosen])
    return [dict(zip(own, reader.tokens(list(own.values())), strict=True)) for own in texts]


def _read(
    question: str,
    history: Sequence[str],
    chosen: Sequence[Passage],
    pieces: Sequence[Mapping[Sentence, Pieces]],
    reader: Reader,
) -> dict[Sentence, Reading]:
    """Return the reading of each sentence that was read."""
    readings = reader.read(question, [list(own.values()) for own in pieces], history=history)
    return {
        sentence: reading
        for passage, own, read in zip(chosen, pieces, readings, strict=True)
        for sentence, reading in list(zip(own, read, strict=True))[passage.context :]
    }


def _read_again(
    question: str,
    history: Sequence[str],
    found: Sequence[Candidate],
    pieces: Sequence[Mapping[Sentence, Pieces]],
    reader: Reader,
) -> list[Candidate]:
    """Return the candidates, the likeliest read again side by side: which of them answers is plainer then.

    Of the articles of the `CITATIONS` likeliest sentences, those of each article are read together.
    """
    ranked = reader.calibration.ranked(" ".join([*history, question]), [each for each in found if each.reading])
    likely = [one.candidate.sentence for one in ranked]
    known = {sentence: its for own in pieces for sentence, its in own.items()}
    before, windows = [list(own) for own in pieces], []
    for article_id in dict.fromkeys(sentence.article_id for sentence in likely[:CITATIONS]):
        own = [sentence for sentence in likely if sentence.article_id == article_id]
        together = [own[i] for i in side_by_side([len(known[sentence].ids) for sentence in own])]
        together.sort(key=lambda sentence: sentence.ordinal)
        if together not in before:  # else it would come out as it did
            windows.append(together)
    if not windows:
        return list(found)
    readings = reader.read(question, [[known[s] for s in own] for own in windows], history=history)
    again = {
        s: reading for own, read in zip(windows, readings, strict=True) for s, reading in zip(own, read, strict=True)
    }
    return [replace(each, again=again[each.sentence]) if each.sentence in again else each for each in found]


def _citation(one: Ranked, index: Searchable) -> Citation:
    sentence, reading = one.candidate.sentence, one.candidate.reading
    article = index.article(sentence.article_id)
    text = article.text
    words = None
    if reading is not None and reading.end > reading.start:
        start, end = sentence.start + reading.start, sentence.start + reading.end
        words = Quote(start, end, text[start:end])
    return Citation(
        article_id=sentence.article_id,
        ordinal=sentence.ordinal,
        paragraph=sentence.paragraph,
        start=sentence.start,
        end=sentence.end,
        text=text[sentence.start : sentence.end],
        probability=one.probability,
        answer=words,
        page=page_of(article, sentence.start),
    )
