"""What the directory says to who may not have a region's duties now."""

from infra.errors import CausewayError


class LeaseRunsError(CausewayError):
    """The lease of {holder} for {region}, epoch {epoch}, may still run. Wait until it has lapsed, or evacuate the region."""

    code = "lease-runs"
    status = 409
    definite = True


class NotTheStandbyError(CausewayError):
    """{claimer} is neither holder nor standby of {region} in epoch {epoch}; {standby} stands by. Claim from there."""

    code = "not-the-standby"
    status = 409
    definite = True


class NotTheKeeperError(CausewayError):
    """{claimer} may lack what other regions were told by {region}: its copy was behind, and {holder} has passed it by. Bring {holder} back; nothing was changed."""

    code = "not-the-keeper"
    status = 409
    definite = True


class EpochOverError(CausewayError):
    """Epoch {epoch} of {region} is over; it is {present} now. Learn how that began, and follow it."""

    code = "epoch-over"
    status = 409
    definite = True


class LaidDownError(CausewayError):
    """{holder} has laid its lease for {region}, epoch {epoch}, down. Its standby takes over; nothing renews the lease."""

    code = "laid-down"
    status = 409
    definite = True
