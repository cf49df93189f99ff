"""What a gateway refuses, beyond what `infra.errors` names."""

from infra.errors import CausewayError, InvalidFieldError


class RecipientUnknownError(CausewayError):
    """There is no user {recipient_id}. Check the id, or find the user by handle."""

    code = "recipient-unknown"
    status = 404
    definite = True


class OwnRecipientError(InvalidFieldError):
    """{field} is not acceptable: {reason}."""

    code = "own-recipient"


class OutOfOrderError(CausewayError):
    """A frame `{kind}` does not belong here: {reason}."""

    code = "frame-out-of-order"
    status = 400
    definite = True


class RateLimitedError(CausewayError):
    """This was done too often in a short time; nothing was done now. Try again in {retry_after} seconds."""

    code = "rate-limited"
    status = 429
    definite = True


class CrowdedError(CausewayError):
    """Too many devices are connecting at this moment; nothing was done. Try again in {retry_after} seconds."""

    code = "busy"
    status = 503
    definite = True


class TooManyChannelsError(CausewayError):
    """You belong to {most} channels, which is the most. Leave one first."""

    code = "too-many-channels"
    status = 409
    definite = True


class InternalError(CausewayError):
    """Something went wrong here, and it was noted. Try again; a repeated client message id cannot happen twice."""

    code = "internal"
    status = 500
    definite = False


class RefusedError(CausewayError):
    """{reason} Nothing was sent."""

    code = "refused"
    status = 422
    definite = True

    def __init__(self, code: str, status: int, reason: str, **details: object) -> None:
        """Say why it was refused.

        Args:
            code: The refusal's code.
            status: The HTTP status that goes with it.
            reason: The refusal's sentence.
            details: What else the problem shall say.
        """
        super().__init__(reason=reason, **details)
        self.refusal_code = code
        self.refusal_status = status

    def problem(self) -> dict[str, object]:
        """Return the problem details under the refusal's own code."""
        own = {"code": self.refusal_code, "status": self.refusal_status, "title": self.refusal_code.replace("-", " ")}
        return {**super().problem(), **own, "type": f"urn:causeway:problem:{self.refusal_code}"}
