"""Breaking text into lines of a width: at a space or a joint where that fills the line half, else between Korean
syllables, at last anywhere. A space at a break stays, unseen, so that a reader's program reads two words.
"""

from collections.abc import Callable, Iterator

JOINTS = frozenset(" -/,;:·)]}")


def lines(text: str, room: float, width: Callable[[str], float]) -> list[str]:
    """Return the lines of a text none of which is wider than ``room``, unless one letter is."""
    found: list[str] = []
    for paragraph in text.replace("\t", " ").split("\n"):
        found.append(paragraph) if width(paragraph) <= room else found.extend(_broken(paragraph, room, width))
    return found


def _broken(text: str, room: float, width: Callable[[str], float]) -> Iterator[str]:
    start, taken, joint, syllable = 0, 0.0, (0, 0.0), 0
    for place, letter in enumerate(text):
        wide = width(letter)
        if taken + wide > room and place > start and letter != " ":
            end = joint[0] if joint[0] > start and joint[1] > room / 2 else syllable if syllable > start else place
            yield text[start:end]
            start, taken = end, sum(map(width, text[end:place]))
        taken += wide
        if letter in JOINTS:
            joint = (place + 1, taken)
        elif _stands_alone(letter):
            syllable = place + 1
    yield text[start:]


def _stands_alone(letter: str) -> bool:
    """Whether a line may end after a letter: syllables, ideographs and kana."""
    return "\u1100" <= letter <= "\u11ff" or "\u2e80" <= letter <= "\ud7ff" or "\uf900" <= letter <= "\ufaff"
