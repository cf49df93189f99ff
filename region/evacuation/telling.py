"""What commands that move a region's duties tell while they go on."""

import msgspec

from region.evacuation.seats import Seat


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is told while it goes on.

    Attributes:
        step: In which step.
        what: For people: what is done, or waited for.
        seconds: Since the evacuation was begun, or taken up again.
        figures: What was counted.
    """

    step: str
    what: str
    seconds: float
    figures: dict[str, int] = {}


def not_released(source: Seat, target: Seat, error: Exception) -> str:
    """Say for people that a store goes on keeping what nobody reads."""
    return (
        f"the store at {source.site} goes on keeping changes for the copy at {target.site}, which follows it no more ({type(error).__name__}):"
        f" so its disk fills. Run the same command again once its PostgreSQL answers"
    )
