"""What it means that a refresh token is shown: used, shown again since its answer was lost, or shown by a second holder.

Pure. A token that is shown again gives its successor again, to whoever shows it: the owner whose answer was lost, and a thief who
follows the owner, look the same. What comes within seconds is the owner's, whose request is made again as any other is: where things
fail, two answers running are lost like that. Later than that an owner rarely repeats twice running, and a thief must repeat, or be
repeated, in each generation. So of two generations running only the first may be shown again late; with the second the device ends.
"""

from enum import Enum, auto
from typing import Final

REPEAT_SECONDS: Final = 600.0
"""For how long a used token gives its unused successor again.

Long enough for a phone that lost coverage just when it was answered, and shorter than an access token lives. The projector's clock
says when it was used, the gateway's how long ago that is: a few seconds between them do not matter.
"""

AT_ONCE_SECONDS: Final = 30.0
"""For how long a repeat counts as the same request made again: longer than a client waits for an answer, and asks anew."""


class Showing(Enum):
    """What the showing of a refresh token is."""

    USE = auto()
    """The first showing of the newest one."""
    AT_ONCE = auto()
    """It was used seconds ago, and its successor was not: its request is made again."""
    REPEAT = auto()
    """It was used a while ago at most, and its successor was not."""
    STOLEN = auto()
    """Two have it: the device is to end."""
    FOREIGN = auto()
    """It was never given."""


def judge(shown: int, *, generation: int, refreshed_at: int, repeated: int, now: int) -> Showing:
    """Say what a showing is.

    Args:
        shown: The generation of the token.
        generation: The one that is good now.
        refreshed_at: When that was given, microseconds since the epoch.
        repeated: The last one that was shown again late; 0 for none.
        now: Microseconds since the epoch.
    """
    if shown >= generation:
        return Showing.USE if shown == generation else Showing.FOREIGN
    age = (now - refreshed_at) / 1e6
    if shown < generation - 1 or age > REPEAT_SECONDS:
        return Showing.STOLEN
    if age <= AT_ONCE_SECONDS:
        return Showing.AT_ONCE
    return Showing.STOLEN if repeated and repeated == shown - 1 else Showing.REPEAT
