"""A summary in the speakers' own sentences: those whose words the meeting is about. Pure.

No model writes it: every line was said. Sentences are weighed by how often their words occur in the
whole (H. P. Luhn, The automatic creation of literature abstracts, 1958), and shown in their order.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from server.records import TranscriptSegment

DEFAULT_WORDS: Final = 400
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_SHORT: Final = 4
"""Words of fewer letters are mostly grammar, in every language that we know of."""
_LEAST_WORDS: Final = 3


def summary(segments: Sequence[TranscriptSegment], words: int, *, markdown: bool = False) -> str:
    """The most telling segments in order, at most so many words; at least one if there is any.

    Args:
        segments: What was said, in order.
        words: About how many words the summary has at most.
        markdown: Whether the lines are a Markdown list.
    """
    counts = Counter(word for one in segments for word in _telling(one.text))
    ranked = sorted(range(len(segments)), key=lambda at: -_weight(segments[at].text, counts))
    chosen: list[int] = []
    left = words
    for at in ranked:
        size = len(_WORD.findall(segments[at].text))
        if chosen and (size > left or size < _LEAST_WORDS):
            continue
        chosen.append(at)
        left -= size
    lines = [f"{segments[at].name}: {segments[at].text.strip()}" for at in sorted(chosen)]
    return "".join(f"- {line}\n" if markdown else f"{line}\n" for line in lines)


def _telling(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if len(word) >= _SHORT]


def _weight(text: str, counts: Counter[str]) -> float:
    """Mean count of its telling words; long sentences are not better for their length."""
    telling = _telling(text)
    return sum(counts[word] for word in telling) / (len(telling) + 2) if telling else 0.0
