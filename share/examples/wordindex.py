"""Index the words of a text: where is each word, and what is around it?

The text is generated, so this needs nothing but Python.  The index is right
and quick enough, and uses far more memory than it should.  Find out where:

    memray-run -o wordindex.bin wordindex.py
    memray-summary wordindex.bin
"""

import collections
import random

VOWELS = "aeiou"
CONSONANTS = "bcdfghklmnprstvw"


def make_words(rng, count):
    """Pronounceable words, two to four syllables each."""
    words = []
    for _ in range(count):
        syllables = rng.randint(2, 4)
        words.append("".join(rng.choice(CONSONANTS) + rng.choice(VOWELS)
                             for _ in range(syllables)))
    return words


def make_text(rng, lines):
    """Lines of ten words; some words are much more frequent than others."""
    words = make_words(rng, 2000)
    weights = [1 / (rank + 1) for rank in range(len(words))]
    return "\n".join(" ".join(rng.choices(words, weights, k=10))
                     for _ in range(lines))


def context(text, start, end):
    """What stands around a word.  This copy, kept once per occurrence, is
    the mistake: the two positions would do."""
    return text[max(0, start - 500):end + 500]


def build_index(text):
    """Word -> list of (position, context)."""
    index = collections.defaultdict(list)
    start = 0
    for line in text.splitlines():
        position = start
        for word in line.split():
            end = position + len(word)
            index[word].append((position, context(text, position, end)))
            position = end + 1
        start += len(line) + 1
    return index


def most_common(index, n):
    return sorted(index, key=lambda word: -len(index[word]))[:n]


def main():
    text = make_text(random.Random(1), 8000)
    index = build_index(text)
    print(f"{len(text):,} characters, {len(index):,} different words")
    for word in most_common(index, 3):
        print(f"{word:10} {len(index[word]):6,} times, "
              f"first at {index[word][0][0]}")


if __name__ == "__main__":
    main()
