"""How a clean-up's rules say no."""

from __future__ import annotations

from accounts.domain.protection import Refusal
from accounts.domain.readings import Problem


class Refused(Exception):
    """A rule says no: `refusals` name the rules, or the message alone says why and what to do."""

    def __init__(self, message: str = "", refusals: tuple[Refusal, ...] = ()) -> None:
        super().__init__(message or " ".join(refusal.detail for refusal in refusals))
        self.refusals = refusals


class CannotLook(Exception):
    """AWS did not say whether the role is there: nothing may be concluded, least of all that it is gone."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
