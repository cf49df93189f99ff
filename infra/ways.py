"""Ways to regions: where a region's duties are reached, whosever site has them now. Whoever asks a region for anything asks here first.

ways = Ways({"us": "https://us:7101", "us@eu": "https://eu:7280"}, where=holders.site_of)
ways.url("us")        # at home, or at eu once eu holds its duties
"""

from collections.abc import Callable, Mapping


def way(region: str, site: str) -> str:
    """Name the way to a region's duties at a site: the region, and the site if it is another."""
    return region if site == region else f"{region}@{site}"


def ends(name: str) -> tuple[str, str]:
    """Return the region and the site that a way is named after."""
    region, _, site = name.partition("@")
    return region, site or region


def at_home(region: str) -> str:
    """Say that a region's duties are held at its own site."""
    return region


class Ways:
    """The URLs of one kind of port, by way.

    Attributes:
        urls: By way, without a slash at the end.
        names: The regions to which there are ways, in order.
    """

    def __init__(self, urls: Mapping[str, str], *, where: Callable[[str], str] = at_home) -> None:
        """Prepare.

        Args:
            urls: By way.
            where: Region to the site that has its duties now.
        """
        self.urls = {name: url.rstrip("/") for name, url in urls.items()}
        self._where = where
        self.names = sorted(name for name in self.urls if ends(name)[0] == ends(name)[1])

    @classmethod
    def of(cls, urls: "Mapping[str, str] | Ways") -> "Ways":
        """Return it, or that of URLs at home."""
        return urls if isinstance(urls, Ways) else cls(urls)

    def name(self, region: str) -> str:
        """Return the way to a region's duties now; one to which there is no URL is of no use."""
        return way(region, self._where(region))

    def url(self, region: str) -> str:
        """Return the URL of a region's duties now; empty if none is known."""
        return self.urls.get(self.name(region), "")
