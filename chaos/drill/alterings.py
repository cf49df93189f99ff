"""Which messages are edited, deleted and reacted to, and how: pure, and repeated by the seed."""

from enum import StrEnum
from random import Random

from chaos.drill.workload import TEXT_CHARACTERS
from chaos.judge import events as e

SHARE = 60
"""Of so many messages in a row one is altered by its author."""
REACTING = 240
"""A message is reacted to by one in so many of those who are shown it."""
EMOJI = "👍"


class Step(StrEnum):
    """What an author does to a message, by the event name that it has in the log."""

    EDIT = e.EDITED
    DELETE = e.DELETED


WAYS = (
    (Step.EDIT,),
    (Step.EDIT, Step.EDIT),
    (Step.DELETE,),
    (Step.EDIT, Step.DELETE),
    (Step.DELETE, Step.EDIT),  # that edit must change nothing
)


def altering(number: int, seed: int) -> tuple[Step, ...]:
    """Return what is done to the message of that number, one after another; mostly nothing."""
    random = Random(f"{seed} {number // SHARE}")
    return random.choice(WAYS) if random.randrange(SHARE) == number % SHARE else ()


def reacts(content: str, seat: int) -> bool:
    """Whether who sits there reacts to the message of that digest when it is shown."""
    return (int(content[:8], 16) + seat) % REACTING == 0


def edited(run: str, number: int, step: int) -> str:
    """Return what a message says from that step on, which no other text does."""
    return f"{run} {number} edit {step} ".ljust(TEXT_CHARACTERS, "·")
