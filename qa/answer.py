"""From a question to the article's own sentences: the straight line."""

from __future__ import annotations

import time
from collections.abc import Sequence

from index.engine import Searchable
from index.errors import EmptyQuestion
from index.types import Sentence, page_of
from qa.candidates import candidates
from qa.followup import following, leaning
from qa.reader import Reader
from qa.retrieve import Passage, passages, retrieve
from qa.types import Answer, Citation, Quote, Ranked, Reading

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
    readings = _read(question, before, chosen, index, reader)
    after = following(question, before[0], index, asked) if before else {}
    return reader.calibration.ranked(whole, candidates(hits, readings, index.max_sims(query, asked), after))


def _read(
    question: str, history: Sequence[str], chosen: Sequence[Passage], index: Searchable, reader: Reader
) -> dict[Sentence, Reading]:
    """Return the reading of each sentence that was read."""
    texts = index.texts_of([(passage.article_id, passage.ordinals) for passage in chosen])
    readings = reader.read(question, [reader.tokens(list(own.values())) for own in texts], history=history)
    return {
        sentence: reading
        for passage, own, read in zip(chosen, texts, readings, strict=True)
        for sentence, reading in list(zip(own, read, strict=True))[passage.context :]
    }


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
