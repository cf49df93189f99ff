"""What operators are refused, and why; every refusal is definite."""

from typing import Final

from infra.errors import CausewayError


class NotLoggedInError(CausewayError):
    """No operator is logged in: {reason}. Log in: `causeway operator login NAME`. Nothing was done."""

    code = "not-logged-in"
    status = 401
    definite = True


class KeyAloneError(CausewayError):
    """The deployment's key makes operators, and does nothing else. Make one, and log in: `causeway operator add NAME --role admin --key FILE`."""

    code = "key-alone"
    status = 403
    definite = True


class WrongOperatorError(CausewayError):
    """The operator's name or the password is wrong. An admin can give a new password: `causeway operator password NAME`."""

    code = "wrong-operator"
    status = 401
    definite = True


class TooManyTriesError(CausewayError):
    """Wrong passwords were tried too often for this name. Try again in {seconds} s."""

    code = "too-many-tries"
    status = 429
    definite = True


class TooManyLoginsError(CausewayError):
    """Too many want to log in by way of {came_by}. Try again in {seconds} s, or with another certificate; nothing was tried."""

    code = "too-many-logins"
    status = 429
    definite = True


class OldPasswordError(CausewayError):
    """Your present password is needed to give yourself another one, and that was not it. Nothing was changed. Who has forgotten it is given one by another admin, or by the key."""

    code = "old-password"
    status = 403
    definite = True


class NotEnoughError(CausewayError):
    """`{verb}` needs the role {needed}, and yours is {role}. Ask an admin. Nothing was done; the trace has it."""

    code = "not-enough"
    status = 403
    definite = True


class NoReasonError(CausewayError):
    """Say why, for the audit log: `--why "…"`. Nothing was changed."""

    code = "no-reason"
    status = 422
    definite = True


class NotConfirmedError(CausewayError):
    """`{verb}` is to be confirmed: type {target}, or say `--confirm {target}`. Nothing was changed."""

    code = "not-confirmed"
    status = 422
    definite = True


class UnknownVerbError(CausewayError):
    """The directory knows of no operator's action `{verb}`. Is its version older than this command's?"""

    code = "unknown-verb"
    status = 422
    definite = True


class UnknownRoleError(CausewayError):
    """There is no role {role}; there are {known}."""

    code = "unknown-role"
    status = 422
    definite = True


class OperatorExistsError(CausewayError):
    """There is an operator {name} already. See `causeway operator list`; `role` and `password` change one."""

    code = "operator-exists"
    status = 409
    definite = True


class NoSuchOperatorError(CausewayError):
    """There is no operator {name}. See `causeway operator list`."""

    code = "no-such-operator"
    status = 404
    definite = True


class LastAdminError(CausewayError):
    """{name} is the last admin. Make another one first: `causeway operator role NAME admin`."""

    code = "last-admin"
    status = 409
    definite = True


class NoPassError(CausewayError):
    """The directory does this for an operator's operation alone, and none was shown that is good for it: {reason}. Use the command; nothing was done."""

    code = "no-pass"
    status = 403
    definite = True


class GivenUpError(NoPassError):
    """`{verb}` of {target} was given up meanwhile, on another's word: {what}. It does nothing more. `causeway region status` tells who holds the duties, and whether they are served: if not, run `causeway region {verb} {target} --abort` again."""

    code = "given-up"
    status = 409
    definite = True


class OperationOverError(CausewayError):
    """The operation {operation_id} was ended already, or is another's. Begin a new one."""

    code = "operation-over"
    status = 409
    definite = True


class HeldBackError(CausewayError):
    """{standby} does not take {region} over by itself: {reason}. Nothing was changed."""

    code = "held-back"
    status = 409
    definite = True


class NothingBegunError(CausewayError):
    """{standby} holds the duties of {region}, and the detector has begun nothing there that is to go on."""

    code = "nothing-begun"
    status = 409
    definite = True


class NoOperatorsError(CausewayError):
    """This directory lets no operator act, since it has no key for their sessions. Set CAUSEWAY_OPERATOR_KEY; a local federation makes one at the next `causeway up`."""

    code = "no-operators"
    status = 503
    definite = True


class NoKeyError(CausewayError):
    """The deployment's key {path} cannot be used: {reason}. It is the file that the directory's CAUSEWAY_OPERATOR_KEY names."""

    code = "no-key"
    definite = True


class OpenFileError(CausewayError):
    """{path} can be read by others (mode {mode}), so the session in it is not used. Log out, and in again."""

    code = "open-file"
    definite = True


REFUSALS: Final[tuple[type[CausewayError], ...]] = (
    NotLoggedInError,
    KeyAloneError,
    WrongOperatorError,
    TooManyTriesError,
    TooManyLoginsError,
    OldPasswordError,
    NotEnoughError,
    NoReasonError,
    NotConfirmedError,
    UnknownVerbError,
    UnknownRoleError,
    OperatorExistsError,
    NoSuchOperatorError,
    LastAdminError,
    NoPassError,
    GivenUpError,
    OperationOverError,
    HeldBackError,
    NothingBegunError,
    NoOperatorsError,
)
"""What the directory says of operators."""
