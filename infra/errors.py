"""The root of every error: a stable code, an HTTP status, whether it is definite, and a message that says what to do."""

import inspect
from typing import ClassVar


class CausewayError(Exception):
    """Something went wrong that has no better name."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    definite: ClassVar[bool] = False

    def __init__(self, **details: object) -> None:
        """Fill the message, which is the first paragraph of the class's docstring, with the details.

        Args:
            details: Values for the message's placeholders; they also travel in the problem details.
        """
        template = inspect.cleandoc(type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        super().__init__(template.format_map(details))
        self.details = details

    def problem(self) -> dict[str, object]:
        """Return the RFC 9457 problem details of this error, as a JSON-ready mapping; half characters of bad input become `?`."""
        return {
            **{name: _whole(value) for name, value in self.details.items()},
            "type": f"urn:causeway:problem:{self.code}",
            "title": self.code.replace("-", " "),
            "status": self.status,
            "detail": _whole(str(self)),
            "code": self.code,
            "definite": self.definite,
        }


def _whole(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


class SettingsError(CausewayError):
    """The settings are not usable: {problems}. Correct the environment, then start again."""

    code = "settings"
    definite = True


class MalformedRequestError(CausewayError):
    """The request cannot be read: {reason}. See the reference for its form."""

    code = "malformed-request"
    status = 400
    definite = True


class InvalidFieldError(CausewayError):
    """{field} is not acceptable: {reason}."""

    code = "invalid-field"
    status = 422
    definite = True


class InvalidTokenError(CausewayError):
    """The access token is not usable: {reason}. Log in again, or refresh it."""

    code = "invalid-token"
    status = 401
    definite = True


class NotFoundError(CausewayError):
    """There is no such {what}, or it is not yours to see."""

    code = "not-found"
    status = 404
    definite = True


class MethodNotAllowedError(CausewayError):
    """{method} is not possible here. See the list of endpoints at /docs."""

    code = "method-not-allowed"
    status = 405
    definite = True


class ContentConflictError(CausewayError):
    """The client message id {client_message_id} was already used for other content. Use a new one for a new message."""

    code = "content-conflict"
    status = 409
    definite = True


class TooLargeError(CausewayError):
    """{what} has {size} bytes; at most {limit} are accepted."""

    code = "too-large"
    status = 413
    definite = True


class NotTheHolderError(CausewayError):
    """This region does not hold {region}; {holder} does, since epoch {epoch}. Try there."""

    code = "not-the-holder"
    status = 421
    definite = True


class UnavailableError(CausewayError):
    """{what} cannot be reached now; nothing was done. Try again in a moment."""

    code = "unavailable"
    status = 503
    definite = True


class BusyError(UnavailableError):
    """{what} has too much under way; nothing was done. Try again in a moment."""

    code = "busy"


class OutcomeUnknownError(CausewayError):
    """{what} was not confirmed in time; it may or may not have happened. Try again with the same id: it cannot happen twice."""

    code = "outcome-unknown"
    status = 503
    definite = False
