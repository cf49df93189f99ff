"""What a region refuses without a lease."""

from typing import Final

from infra.errors import CausewayError

ISLANDED: Final = "islanded"
"""The code of a refusal; a projector's as well as a gateway's."""

_WHY: Final = (
    "This region cannot show that it still holds its duties: its lease has lapsed. Until it is renewed, it makes no accounts and lets nobody"
    " into groups and channels. Messages go on."
)
DETAIL: Final = f"{_WHY} The same again is right, in a while."
"""Of what may be repeated as it is: a refused account is not remembered."""
DETAIL_ANEW: Final = f"{_WHY} Try anew in a while, under a new client message id: this one is refused for good."
"""Of what is numbered in conversations."""


class IslandedError(CausewayError):
    """This region cannot show that it still holds its duties: its lease has lapsed. Until it is renewed, it makes no accounts and lets nobody into groups and channels. Nothing was done. Messages go on. Try again in a while."""

    code = ISLANDED
    status = 409
    definite = True


class DeposedError(CausewayError):
    """Epoch {epoch} of {region} is over here: its lease was laid down, or the duties are held in a newer epoch, {newer}. Nothing is decided here any more. Look at `causeway region status`, and at how that epoch began."""

    code = "deposed"
    status = 421
    definite = True
