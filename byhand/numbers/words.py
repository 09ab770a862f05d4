"""Sentences that a small language model can continue, and vocabularies around them."""

from __future__ import annotations

from collections.abc import Sequence

from byhand.errors import ConfigError
from byhand.model.weights import Values, checked_words
from byhand.notation.number import shown

# Four words each: three tokens, and the word that a reader expects next. No word is longer than those that a column
# has room for without breaking them, so that one page serves all (page/grid.py).
SENTENCES = tuple(
    tuple(line.split())
    for line in """
the cat sat down
the dog ran home
the sun came up
the rain fell down
the bird flew away
the tea got cold
the bus came late
the child woke up
the wind blew hard
the ship came home
the door stood open
the moon rose early
the snow lies deep
the fire went out
the bell rang twice
the bread is warm
the river runs deep
the train left early
a bee flew by
a star shone above
an aunt came over
we all went home
we sat down again
we sing old songs
she reads good books
she likes hot tea
he plays the flute
he rode his bike
they swam all day
birds eat ripe pears
two mice ran off
my cat slept well
""".strip().splitlines()
)
# Sentences for more than three tokens, with no word twice.
LONGER_SENTENCES = tuple(
    tuple(line.split())
    for line in """
a bird sang in the tree
she wrote him a long letter
my dog ran after your cat
one small star shines so bright
they baked bread for our friends
rain fell on the green hills
he found an egg under leaves
we walked along that old river
""".strip().splitlines()
)
END = "END"  # what a model says when a text is done
# Words that fill up a vocabulary: wrong answers, beside the words of the sentence.
DISTRACTORS = ("on", "mat", "moon", "tree", "blue", "soon", "bread", "green", "lamp", "sing", "warm", "fish")
VOCABULARY_SIZE = 6  # filled up to this size with distractors, at least one: most sentences have four words


def sentence(number: int, tokens: int = 3) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens of a sentence by its number, and the answer to each token: the word that comes next."""
    sentences = SENTENCES if tokens <= 3 else LONGER_SENTENCES
    words = sentences[number % len(sentences)][: tokens + 1]
    return words[:-1], words[1:]


def distractors(tokens: Sequence[str]) -> tuple[str, ...]:
    """Words that fill up the vocabulary of any sentence."""
    return DISTRACTORS


def answers(tokens: Sequence[str], answer: Sequence[str]) -> tuple[str | None, ...]:
    """The right word at each position: that of the answer at the last ones, and before them the sentence's next word.

    Without an answer, the last position has None: any word that is not in the sentence is right.

    Raises: ConfigError for an answer that is longer than the sentence.
    """
    n = len(tokens)
    if len(answer) > n:
        raise ConfigError(f"an answer of {len(answer)} words needs as many tokens; there are {n}: {' '.join(tokens)}")
    next_words = (*tokens[1:], None)
    return (*next_words[: n - len(answer)], *answer)


def spelled(answer: str, values: Values) -> tuple[str, ...]:
    """An answer as words. A single word that is not in the vocabulary is spelled: each of its letters is a word.

    Raises: ConfigError where it has not as many letters as the sentence has tokens; ValuesError where it holds what
    is no word.
    """
    words = tuple(checked_words("--answer", answer, (str,)))
    if len(words) != 1 or answer in values.vocabulary:
        return words
    count = values.positions()
    if len(answer) != count:
        raise ConfigError(
            f"--answer {shown(answer)} has {len(answer):,} letters and the sentence {count} tokens; use a word "
            f"of {count} letters, {count} words with spaces, or one of the vocabulary"
        )
    return tuple(answer)


def vocabulary(
    tokens: Sequence[str], answer: Sequence[str], known: Sequence[str] = (), others: Sequence[str] = DISTRACTORS
) -> tuple[str, ...]:
    """The known words if all tokens and answers are among them; else the tokens, the answers and others that fill it
    up, mixed: in the order of the sentence, the list would tell what comes next.
    """
    needed = tuple(dict.fromkeys((*tokens, *answer)))
    if known and set(needed) <= set(known):
        return tuple(known)
    fresh = [word for word in others if word not in needed]
    return _mixed((*needed, *fresh[: max(1, (len(known) or VOCABULARY_SIZE) - len(needed))]))


def _mixed(words: Sequence[str]) -> tuple[str, ...]:
    """Every other word, and then the rest from behind."""
    return (*words[1::2], *words[::2][::-1])


def new_words(known: Sequence[str], tokens: Sequence[str | int]) -> list[str]:
    """The known words that are not in the sentence."""
    return [word for word in known if word not in tokens]
