"""Resident registration numbers for tests: made up, with the check digit that the rule asks for."""

WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def resident_number(front: str, back: str) -> str:
    """Six digits of birth, six that follow, and the check digit; 5 … 8 in the seventh place is a foreigner's."""
    digits = front + back
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    return digits + str(((13 if back[0] in "5678" else 11) - total % 11) % 10)
