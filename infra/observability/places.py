"""Where the admin ports of a federation are: of the local one, or as somebody names them."""

from collections.abc import Sequence

from infra.errors import CausewayError
from infra.local import homes, up
from infra.local.control import Status


class UnreadableAdminError(CausewayError):
    """'{text}' names no admin port; write REGION=URL, such as us=http://10.0.0.5:9090."""

    code = "unreadable-admin"
    definite = True


def read_admins(named: Sequence[str]) -> dict[str, list[str]]:
    """Return region to the URLs of its admin ports; the local federation's if none is named.

    Args:
        named: REGION=URL each.

    Raises:
        UnreadableAdminError: One is not written so.
    """
    if not named:
        return admins_of(up.current(homes.home()))
    admins: dict[str, list[str]] = {}
    for text in named:
        region, _, url = text.partition("=")
        if not region or not url.startswith(("http://", "https://")):
            raise UnreadableAdminError(text=text)
        admins.setdefault(region, []).append(url.rstrip("/"))
    return admins


def admins_of(status: Status) -> dict[str, list[str]]:
    """Return region to the URLs of the admin ports of its parts; what may hold a region's duties at another one's site is that region's."""
    admins: dict[str, list[str]] = {region: [] for region in status.regions}
    for site, there in status.regions.items():
        for name, part in there.parts.items():
            region = name.partition("-")[0]
            of = region if region in admins and region != name else site
            admins[of] += [f"http://127.0.0.1:{port}" for purpose, port in part.ports.items() if purpose == "admin"]
    return admins
