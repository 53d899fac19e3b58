"""Questions to begin with, made from an article's own sentences by turning them around.

No model writes them: a sentence that says when, why, how many, how old, who or what, and is plain enough, becomes the
question that it answers. English only. What comes out are candidates: one is worth asking only if the reader, asked it,
answers surely with the sentence that it was made of, and `suggestions` keeps no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.engine import Searchable
from index.types import Sentence, Span
from qa.answer import answer
from qa.reader import Reader

SURE = 0.8  # from which probability on a question is worth suggesting


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question, the ordinal of the sentence it was made of, and the code points of the words that answer it.

    `rank` orders kinds of questions: the smaller ones are better to begin with.
    """

    question: str
    ordinal: int
    answer: Span
    rank: int


def suggestions(
    article_id: str, index: Searchable, reader: Reader, *, most: int = 3, tried: int = 12
) -> tuple[str, ...]:
    """Return up to `most` questions that an article surely answers, in the order of the article; often none.

    Each is answered with the sentence that it was made of, in words that overlap those it asks for. At most `tried`
    candidates are asked. Raises `ArticleNotFound`.
    """
    text = index.article(article_id).text
    made = sorted(candidates(text, index.sentences_of(article_id)), key=lambda each: (each.rank, each.ordinal))
    kept: list[Candidate] = []
    for candidate in made[:tried]:
        if len(kept) == most:
            break
        best = answer(candidate.question, index, reader, article_ids=[article_id]).nearest[0]
        words = best.answer
        if (
            best.ordinal == candidate.ordinal
            and best.probability >= SURE
            and words is not None
            and candidate.answer.overlaps(words.start, words.end)
        ):
            kept.append(candidate)
    return tuple(each.question for each in sorted(kept, key=lambda each: each.ordinal))


def candidates(text: str, sentences: Sequence[Sentence]) -> tuple[Candidate, ...]:
    """Return the questions that an article's sentences can be turned into: one of a sentence, each question once."""
    made: dict[str, Candidate] = {}
    for sentence in sentences:
        said = text[sentence.start : sentence.end].replace("\n", " ")
        for candidate in _of_sentence(said, sentence, text):
            made.setdefault(candidate.question, candidate)
    return tuple(made.values())


def _of_sentence(said: str, sentence: Sentence, text: str) -> Iterator[Candidate]:
    for rank, (pattern, ask) in enumerate(_TEMPLATES):
        match = pattern.search(said)
        if match is None or _UNFIT.search(match[0]):
            continue
        question = ask(match, text)
        if question and _fits(question):
            start, end = match.span("answer")
            yield Candidate(question, sentence.ordinal, Span(sentence.start + start, sentence.start + end), rank)
            return


def _fits(question: str) -> bool:
    words = question.split()
    return len(words) <= _LONGEST and not _POINTS_BACK.search(" ".join(words[1:]))


_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_YEAR = r"(?:1[5-9]|20)\d\d"
# When something was: "in 1991", "on March 3, 2004", "in early June". A day of the week alone says too little.
_TIME = (
    rf"(?:in (?:(?:early|late|mid) )?(?:{_MONTH} )?{_YEAR}|on \d{{1,2}} {_MONTH}(?: {_YEAR})?|"
    rf"(?:in|on) {_MONTH}(?: \d{{1,2}}(?:, {_YEAR})?)?)(?!\d|-)"
)
_AUXILIARY = "(?:was|were|is|are|will be|has been|have been|had been)"
_DONE = (
    r"(?:\w{2,}ed|made|taken|given|left|held|built|bought|sold|sent|spent|lost|found|written|born|seen|broken|chosen|drawn|"
    r"driven|flown|fought|hit|kept|put|set|shot|stolen|struck|taught|thrown|shown|known)"
)
_NUMBER = (
    r"(?:\d{1,3}(?:,\d{3})+|\d+|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven|"
    r"[Tt]welve|[Tt]wenty|[Tt]hirty|[Ff]orty|[Ff]ifty)"
)
_NO_PLACE = "(?<!in )(?<!at )(?<!of )(?<!to )(?<!from )(?<!near )(?<!on )"
_ABOUT = r"(?:(?:[Aa]bout|[Aa]round|[Nn]early|[Aa]lmost|[Mm]ore than|[Aa]t least|[Uu]p to|[Aa]pproximately) )?"
# Verbs whose subject can be asked for, in the past and as they stand after "did".
_VERBS: Mapping[str, str] = dict(
    re.findall(
        r"(\w+)-(\w+)",
        "won-win became-become began-begin led-lead made-make took-take gave-give left-leave met-meet built-build "
        "bought-buy sold-sell lost-lose found-find wrote-write fought-fight chose-choose flew-fly struck-strike "
        "founded-found created-create designed-design invented-invent discovered-discover published-publish "
        "directed-direct scored-score defeated-defeat replaced-replace joined-join launched-launch signed-sign "
        "received-receive established-establish killed-kill arrested-arrest introduced-introduce produced-produce "
        "opened-open developed-develop represented-represent married-marry retired-retire resigned-resign "
        "died-die closed-close announced-announce acquired-acquire attacked-attack invaded-invade crashed-crash "
        "ended-end started-start moved-move returned-return arrived-arrive graduated-graduate declared-declare "
        "passed-pass approved-approve appointed-appoint elected-elect released-release filed-file sued-sue "
        "recorded-record ",
    )
)
_DID = f"(?:{'|'.join(_VERBS)})"
# Verbs that need nothing after them.
_ALONE = re.compile(
    r"(?:began|died|retired|resigned|closed|crashed|ended|started|returned|arrived|graduated|opened|fought)"
)
_NO_OBJECT = re.compile(
    r"$| (?:in|at|on|to|for|from|with|by|that|of|as|into|out|over|after|near|under)\b", re.IGNORECASE
)
_NAME = r"[A-Z][a-z'’]+(?:-[A-Z][a-z]+)?(?: (?:[A-Z]\. )?[A-Z][\w'’-]+){1,2}"
# A subject is short and begins its sentence: there is no other clause in it.
_SUBJECT = r"^(?P<subject>(?:[\w'’.-]+ ){0,6}?[\w'’.-]+)"
_END = r"(?=[,.]| (?:and|when|after|before|while|as|but|who|which|according)\b)"

# What stands for something said before, or for who speaks: a question with such a word says too little by itself.
_POINTS_BACK = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|this|that|these|those|there|here|then|such|same|another|other|"
    r"others|also|I|we|us|our|my|you|your|who|which|so|too|still|now|one|ones|latter|former|whose|however|ago|today|"
    r"yesterday|tomorrow|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|week|month|year|said|says)\b",
    re.IGNORECASE,
)
_UNFIT = re.compile(r"[\"“”«»()\[\]:;—…?!/|*#_]|--|\b(?:not|never|no|CNN)\b|n['’]t\b")
_BEGINS_OTHERWISE = re.compile(
    r"(?:but|and|or|so|yet|if|as|at|in|on|for|from|after|before|when|while|since|because|although|though|despite|during|"
    r"by|with|to|of|among|until|once|what|how|why|where|according|meanwhile|both|each|many|most|some|several|all|more|"
    r"ever|even|only|just|like|unlike|authorities|officials|police|people|video|photos|watch|nobody|everyone|someone|nothing)\b",
    re.IGNORECASE,
)
_OF_SOMETHING = re.compile(r"the [a-z -]+['’]s?\b")  # "the couple's daughter"
_VAGUE = re.compile(r"(?:The|An?) [a-z-]+")  # "The group"
_CLAUSE = re.compile(r"\b(?:said|says|told|and|or|was|were|is|are|has|had|have|that|will|can|would)\b")
_ROLE = re.compile(
    r"\b(?:director|president|professor|doctor|lawyer|attorney|nurse|biologist|leader|chief|officer|author|activist|actor|"
    r"actress|singer|writer|journalist|scientist|researcher|engineer|mayor|governor|senator|minister|judge|analyst|expert|"
    r"founder|co-founder|owner|manager|coach|player|teacher|student|photographer|artist|musician|biographer|historian|"
    r"economist|psychologist|physician|surgeon|pilot|soldier|medic|general|commander|king|queen|prince|princess|poet|"
    r"philosopher|inventor|composer|politician|footballer|guitarist|investigator|adviser|editor|secretary|ambassador|"
    r"executive|CEO|man|woman|mother|father|son|daughter|brother|sister|wife|husband|member|inmate|prosecutor)\b"
)
_THING = re.compile(
    r"\b(?:organi[sz]ation|company|group|distributor|agency|firm|newspaper|charity|team|band|city|town|village|river|"
    r"lake|mountain|island|country|region|language|disease|drug|medicine|film|book|novel|album|song|game|university|"
    r"school|museum|airline|bank|party|union|network|website|magazine|species|method|theory|festival|building|bridge|"
    r"station|airport|hospital|park|church|temple|castle|award|ship|law|treaty|protein|virus|program|project|mall)\b"
)
# Words in names of many words that are no people.
_NO_PERSON = re.compile(
    r"\b(?:The|After|When|While|But|And|As|In|On|At|For|If|United|National|International|University|Court|Department|"
    r"Ministry|Bank|Union|States|City|County|Party|Council|Company|Corp|Inc|Group|Association|Committee|Agency|Church|"
    r"School|College|House|Street|League|Club|Cup|Team|Army|Force|Forces|Service|Center|Centre|Institute|Times|News|World|"
    r"New|North|South|East|West|Northern|Southern|Eastern|Western|Great|Air|Islands?|Airport|Police|Board|Federation|Society|Foundation|Museum|Hospital|Real|"
    r"San|Los|Saint|St|Africa|America|Britain|China|Washington|London|California|Florida|Texas|Minister|Secretary|Israel|"
    r"January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_LONGEST = 18  # words of a question


def _person(name: str) -> bool:
    return not _NO_PERSON.search(name)


def _how_many(match: re.Match[str], _text: str) -> str:
    return f"How many {match['rest']}?"


def _how_old(match: re.Match[str], text: str) -> str:
    name = match["name"]
    place = re.search(rf"\b(?:in|near|at|from) (?:the )?{re.escape(name)}\b", text)
    return f"How old is {name}?" if _person(name) and not place else ""


def _turned(word: str) -> Callable[[re.Match[str], str], str]:
    """Ask with an auxiliary: "The school was opened in 1912" becomes "When was the school opened?"."""

    def ask(match: re.Match[str], text: str) -> str:
        if not _can_be_asked_of(match["subject"]) or _CLAUSE.search(match["done"]):
            return ""
        first, *more = match["aux"].split()
        return f"{word} {first} {_inside(match['subject'], text)} {' '.join([*more, match['done']])}?"

    return ask


def _did(word: str) -> Callable[[re.Match[str], str], str]:
    """Ask with "did": "Ann opened the school in 1912" becomes "When did Ann open the school?"."""

    def ask(match: re.Match[str], text: str) -> str:
        complete = _ALONE.fullmatch(match["did"]) or _has_object(match["rest"])
        if not complete or not _can_be_asked_of(match["subject"]):
            return ""
        return f"{word} did {_inside(match['subject'], text)} {_VERBS[match['did']]}{match['rest']}?"

    return ask


def _who_did(match: re.Match[str], _text: str) -> str:
    fit = _person(match["answer"]) and not _ALONE.fullmatch(match["did"]) and _has_object(match["rest"])
    return f"Who {match['did']}{match['rest']}?" if fit else ""


def _is(match: re.Match[str], text: str) -> str:
    """Ask what the answer tells of a name: who somebody is, or what something is."""
    name, said, aux = match["name"], match["answer"], match.groupdict().get("aux") or "is"
    if _BEGINS_OTHERWISE.match(name) or _OF_SOMETHING.match(said):
        return ""
    if _ROLE.search(said):
        return f"Who {aux} {name}?" if _person(name) else ""
    return f"What {aux} {_inside(name, text)}?" if _THING.search(said) else ""


def _has_object(rest: str) -> bool:
    return not _NO_OBJECT.match(rest)


def _can_be_asked_of(subject: str) -> bool:
    return not _VAGUE.fullmatch(subject) and not _BEGINS_OTHERWISE.match(subject) and not _CLAUSE.search(subject)


def _inside(subject: str, text: str) -> str:
    """Return a subject as it stands inside a sentence: its first word small, unless it is a name."""
    first, _, rest = subject.partition(" ")
    small = first[:1].lower() + first[1:]
    common = small in ("the", "a", "an") or re.search(rf"(?<!\w){re.escape(small)}(?!\w)", text)
    return f"{small} {rest}".strip() if common else subject


_TEMPLATES: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]]] = (
    (
        re.compile(
            rf"{_SUBJECT} (?P<aux>{_AUXILIARY}) (?P<done>(?:\w+ly )?{_DONE}(?: [^,]*?)?),? (?P<answer>because .*\w)"
        ),
        _turned("Why"),
    ),
    (re.compile(rf"{_SUBJECT} (?P<did>{_DID})(?P<rest>(?: [^,]*?)?),? (?P<answer>because .*\w)"), _did("Why")),
    (
        re.compile(
            rf"(?:^|\b(?:said|says|say|that|where) )(?P<answer>{_ABOUT}{_NUMBER}) "
            rf"(?P<rest>(?:[a-z-]+ )?(?:[a-z]+s|people) "
            rf"(?:were|are|have|had|will|died|took|live|lived|work)\b[^,.]*?){_END}"
        ),
        _how_many,
    ),
    (
        re.compile(rf"{_SUBJECT} (?P<aux>{_AUXILIARY}) (?P<done>(?:\w+ly )?{_DONE}(?: [^,]*?)?),? (?P<answer>{_TIME})"),
        _turned("When"),
    ),
    (re.compile(rf"{_SUBJECT} (?P<did>{_DID})(?P<rest>(?: [^,]*?)?),? (?P<answer>{_TIME})"), _did("When")),
    (re.compile(rf"^(?P<answer>{_NAME}) (?P<did>{_DID})(?P<rest> [^,.]*?){_END}"), _who_did),
    (re.compile(rf"(?:^|\b(?:said|and|by|with|told) )(?P<name>{_NAME}), (?P<answer>(?:an?|the) [^,.]*[a-z])[,.]"), _is),
    (re.compile(rf"^(?P<name>(?:The )?{_NAME}) (?P<aux>is|was) (?P<answer>(?:an?|the) [^,.]*[a-z])[,.]"), _is),
    (
        re.compile(rf"{_NO_PLACE}(?P<name>{_NAME}), (?P<answer>\d\d), (?:who|of|an?|was|is|has|had|said|told)\b"),
        _how_old,
    ),
    (re.compile(rf"(?P<answer>\d\d?)-year-old (?P<name>{_NAME})"), _how_old),
)
