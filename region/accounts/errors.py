"""What can be wrong with an account, a password or a token."""

from infra.errors import CausewayError, OutcomeUnknownError


class WrongCredentialsError(CausewayError):
    """The handle or the password is wrong. Check both, or register first."""

    code = "wrong-credentials"
    status = 401
    definite = True


class SuspendedError(CausewayError):
    """This account is suspended: "{why}". Ask the region's moderators."""

    code = "account-suspended"
    status = 403
    definite = True


class RegistrationLostError(CausewayError):
    """The handle {handle} was reserved too long ago and is no longer yours. Register again."""

    code = "reservation-lost"
    status = 409
    definite = True


class RegistrationUnfinishedError(OutcomeUnknownError):
    """The account may or may not exist yet. Log in with that handle and password, or register again with them (it is safe): if that says that the handle is taken, log in."""


class PasswordRaceError(CausewayError):
    """The password was changed otherwise at the same moment; nothing was done. Log in with the password that you know last."""

    code = "password-race"
    status = 409
    definite = True
