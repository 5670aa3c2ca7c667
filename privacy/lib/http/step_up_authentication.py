"""Confirming who one is once more before a dangerous act (SEC-09): the acts ask here, the accounts answer.

What asks lives everywhere in the house, what knows how a person signed in lives in the accounts above this package; so
the accounts register their answer, and an act that is refused is sent to the page that asks for the second factor.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest

type StepUpCheck = Callable[[HttpRequest], bool]
_answers: list[StepUpCheck] = []


class StepUpRequired(Exception):
    """The person must confirm who they are, then try again; the middleware leads them there and back."""


def add_check(answer: StepUpCheck) -> None:
    """Register the function that says whether a request's person has confirmed who they are lately."""
    if answer not in _answers:
        _answers.append(answer)


def require(request: HttpRequest) -> None:
    """Let the act go on if its person has confirmed who they are lately; else raise ``StepUpRequired``."""
    if not (_answers and all(answer(request) for answer in _answers)):
        raise StepUpRequired


def step_up_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Guard a view whose first argument is the request."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        require(request)
        return view(request, *args, **kwargs)

    return guarded
