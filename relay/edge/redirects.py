"""Decide what to do when a region answers 421: follow it, ask the directory, or give up.

Pure. Epochs only rise, so following only to a higher one cannot circle; three times at most, since who is that far behind
does better to ask the directory.
"""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import msgspec

MOST_FOLLOWED: Final = 3


class Holder(msgspec.Struct, frozen=True):
    """Who is said to serve, in a 421's problem details or by the directory.

    Attributes:
        region: Whose duties are spoken of: the home's.
        holder: The region to ask.
        epoch: Of that region's duties, since when the holder has them; a user's home epoch is another count.
    """

    region: str
    holder: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Trail:
    """Where one request has been.

    Attributes:
        last: Who was asked last for which duties, and what was known of their epoch then; 0 if nothing was.
        followed: How many 421s were followed.
        asked_directory: Whether the directory was asked.
    """

    last: Holder
    followed: int = 0
    asked_directory: bool = False


@dataclass(frozen=True, slots=True)
class Go:
    """Send the request to `trail.last.holder`.

    Attributes:
        trail: With that step taken.
    """

    trail: Trail


@dataclass(frozen=True, slots=True)
class AskDirectory:
    """Ask the directory who holds it, then call `after_directory`.

    Attributes:
        trail: With that step taken.
    """

    trail: Trail


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody is known who would serve it; answer 503."""


Step: TypeAlias = Go | AskDirectory | GiveUp

_decoder = msgspec.json.Decoder(Holder)


def read_redirect(body: bytes) -> Holder | None:
    """Read the problem details of a 421; None if they do not say who holds it."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def after_refusal(trail: Trail, answer: Holder | None) -> Step:
    """Say what follows a 421, given what it told; one that speaks of another region says that the home is another."""
    news = answer is not None and (answer.region != trail.last.region or answer.epoch > trail.last.epoch)
    if answer is not None and news and trail.followed < MOST_FOLLOWED:
        return Go(replace(trail, last=answer, followed=trail.followed + 1))
    if not trail.asked_directory:
        return AskDirectory(replace(trail, asked_directory=True))
    return GiveUp()


def after_directory(trail: Trail, answer: Holder | None) -> Step:
    """Say what follows the directory's answer, which is asked once; who has just refused is not asked again at the same epoch."""
    if answer is None or answer == trail.last:
        return GiveUp()
    return Go(replace(trail, last=answer))
