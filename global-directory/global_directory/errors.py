"""What the directory refuses, and why; every refusal is definite."""

from infra.errors import CausewayError, UnavailableError


class HandleTakenError(CausewayError):
    """The handle {handle} is taken. Choose another; or log in, if it is yours."""

    code = "handle-taken"
    status = 409
    definite = True


class ReservationLostError(CausewayError):
    """The reservation of {handle} has lapsed, and the handle was released or is somebody else's now. Reserve one again."""

    code = "reservation-lost"
    status = 409
    definite = True


class AlreadyConfirmedError(CausewayError):
    """The handle {handle} is confirmed; a confirmed handle is not released."""

    code = "already-confirmed"
    status = 409
    definite = True


class UnknownRegionError(CausewayError):
    """There is no region {region} in this federation, or it has not announced itself yet. See the list of regions."""

    code = "unknown-region"
    status = 422
    definite = True


class UnknownTellerError(CausewayError):
    """No process that tells what it sees is called so. It is {tellers}."""

    code = "unknown-teller"
    status = 422
    definite = True


class StaleAnnouncementError(CausewayError):
    """The announcement of {region} is of epoch {announced}, but epoch {epoch} is known. Ask the directory who holds it now."""

    code = "stale-announcement"
    status = 409
    definite = True


class IncarnationConflictError(CausewayError):
    """Epoch {epoch} of {region} belongs to incarnation {incarnation}, not {announced}. A new incarnation first raises its epoch."""

    code = "incarnation-conflict"
    status = 409
    definite = True


class KeyConflictError(CausewayError):
    """The signing key id {kid} already names another key, of {region}. Announce a new key under an id of its own."""

    code = "key-conflict"
    status = 409
    definite = True


class NotYoursError(CausewayError):
    """{caller} may not {what}; only {owner} may. Use the certificate of {owner}."""

    code = "not-yours"
    status = 403
    definite = True


class ExpelledError(UnavailableError):
    """The directory does not serve region {region}, which was expelled from trust. Ask the federation's operators; `causeway region readmit {region}` lets it in again."""

    code = "expelled"
    definite = True


class UnexpectedAnswerError(CausewayError):
    """The directory gave an answer ({status_code}) that this software does not understand. Are both of compatible versions?"""

    code = "unexpected-answer"
    status = 502
    definite = False
