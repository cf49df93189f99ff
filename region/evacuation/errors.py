"""What stops a command that moves a region's duties, whichever of them it is."""

from infra.errors import CausewayError


class StuckError(CausewayError):
    """`{step}` did not come to its end within {seconds} s: {why}."""

    code = "evacuation-stuck"
    status = 409
    definite = True


class ChangedMeanwhileError(CausewayError):
    """Another command has changed meanwhile what the store at {site} says of whose turn it is: {what}. This one does nothing more there. Look at `causeway region status {region}`; if {region} is not served, run this command again, or with --abort."""

    code = "changed-meanwhile"
    status = 409
    definite = True


class WentOnError(ChangedMeanwhileError):
    """The lease of {region} was laid down, which is for good, and another command has changed meanwhile what the store at {site} says of whose turn it is: {what}. Nothing was claimed. Whoever starts there decides nothing any more; {lead}."""

    code = "went-on"
    status = 409
    definite = True


class UnknownDutiesError(CausewayError):
    """The directory knows nothing of {region}: nobody has ever told it who holds its duties. Nothing was changed."""

    code = "unknown-duties"
    status = 404
    definite = True
