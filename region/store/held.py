"""Where the copy of another region's store lies: in the server of the region that stands by it, in a database of its own."""

from urllib.parse import urlsplit, urlunsplit


def name_of(region: str) -> str:
    """Return what the database is called that holds the copy of a region's store, in the server of its standby."""
    return f"held_{region}"


def elsewhere(url: str, database: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
