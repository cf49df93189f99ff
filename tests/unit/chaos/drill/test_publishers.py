"""What is done in a channel is repeated until it is answered for good."""

import pytest

from chaos.drill import publishers
from chaos.drill.publishers import insist
from region.client import ProblemError, UnreachableError


class Answers:
    """Fails so often, and then answers."""

    def __init__(self, *failures: Exception) -> None:
        """Say how."""
        self._failures = list(failures)
        self.asked = 0

    async def call(self) -> str:
        """Be asked."""
        self.asked += 1
        if self._failures:
            raise self._failures.pop(0)
        return "done"


async def test_whatever_says_nothing_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody there, too slow, and an answer that leaves it open; by the same name it happens once."""
    monkeypatch.setattr(publishers, "AGAIN_SECONDS", 0.0)
    open_answer = ProblemError("unavailable", "", status=503, definite=False)
    answers = Answers(UnreachableError("", definite=False), TimeoutError(), open_answer)

    assert await insist(answers.call) == "done"
    assert answers.asked == 4


async def test_a_refusal_is_an_answer() -> None:
    """It is not asked again."""
    answers = Answers(ProblemError("already-a-member", "", status=409))

    with pytest.raises(ProblemError):
        await insist(answers.call)
    assert answers.asked == 1


async def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nobody knows."""
    monkeypatch.setattr(publishers, "PATIENCE_SECONDS", -1.0)
    answers = Answers(TimeoutError(), TimeoutError())

    with pytest.raises(TimeoutError):
        await insist(answers.call)
    assert answers.asked == 1
