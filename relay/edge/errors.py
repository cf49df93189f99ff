"""What an edge refuses by itself."""

from infra.errors import CausewayError, InvalidFieldError


class UnknownHomeError(InvalidFieldError):
    """There is no region {region} in this federation. Choose one of: {regions}."""

    code = "unknown-region"


class RegionUnreachableError(CausewayError):
    """The region {region} cannot be reached from here; nothing was done. Try again in a moment, or through another region."""

    code = "region-unreachable"
    status = 503
    definite = True


class RegionSilentError(RegionUnreachableError):
    """The region {region} was asked and has not answered; it may or may not have happened. Repeat it with the same ids."""

    definite = False


class BridgedTooOftenError(CausewayError):
    """The request was passed on {count} times and has not come home. Ask the region {region} directly."""

    code = "bridged-too-often"
    status = 508
    definite = True
