"""What it means that a refresh token is shown: used, shown again since its answer was lost, or shown by a second holder.

Pure. A token that is shown again gives its successor again, to whoever shows it: the owner whose answer was lost, and a thief who
follows the owner, look the same. But an owner rarely loses two answers running, and a thief must repeat, or be repeated, in each
generation. So of two generations running only the first may be shown again; with the second the device ends.
"""

from enum import Enum, auto
from typing import Final

REPEAT_SECONDS: Final = 600.0
"""For how long a used token gives its unused successor again.

Long enough for a phone that lost coverage just when it was answered, and shorter than an access token lives. The projector's clock
says when it was used, the gateway's how long ago that is: a few seconds between them do not matter.
"""


class Showing(Enum):
    """What the showing of a refresh token is."""

    USE = auto()
    """The first showing of the newest one."""
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
        repeated: The last one that was shown again; 0 for none.
        now: Microseconds since the epoch.
    """
    if shown >= generation:
        return Showing.USE if shown == generation else Showing.FOREIGN
    if shown < generation - 1 or now - refreshed_at > REPEAT_SECONDS * 1e6:
        return Showing.STOLEN
    return Showing.STOLEN if repeated and repeated == shown - 1 else Showing.REPEAT
