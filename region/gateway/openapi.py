"""What endpoints say of themselves in OpenAPI, short enough to stand in their decorators."""

from collections.abc import Callable, Mapping
from typing import Final

Described = dict[str, object]
"""An object of OpenAPI."""

_TEXTS: Final[Mapping[int, str]] = {
    400: "The request cannot be read",
    401: "The access token is missing or not good",
    403: "One's role does not allow it",
    404: "There is no such thing, or it is not yours to see",
    409: "It contradicts what was done before",
    410: "The link is not good any more",
    413: "Too large",
    421: "Another region is in charge; `holder` names it",
    422: "A field is not acceptable",
    429: "Too often; `Retry-After` says when it may be tried again",
    503: "Something is away; `definite` tells whether nothing was done",
}


def at_most(most: int) -> Callable[[int], int]:
    """Return what lowers a number that is asked for to the most that there is on a page."""
    return lambda asked: min(asked, most)


def _refers(name: str) -> Described:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def answers(
    ok: int, name: str | None, *problems: int, also: Mapping[int, str] | None = None
) -> dict[int | str, Described]:
    """Return `responses` for an endpoint.

    Args:
        ok: The status of success.
        name: The schema of its body; None for no body.
        problems: Statuses of problems.
        also: Further statuses of success with the same body, and what they mean.
    """
    content = {"content": {"application/json": _refers(name)}} if name else {}
    found: dict[int | str, Described] = {ok: {"description": "Done", **content}}
    for status, text in (also or {}).items():
        found[status] = {"description": text, **content}
    for status in (*problems, 503):
        found[status] = {
            "description": _TEXTS[status],
            "content": {"application/problem+json": _refers("Problem")},
        }
    return found


def takes(name: str, example: Mapping[str, object]) -> Described:
    """Return `openapi_extra` for an endpoint with a JSON body."""
    content = {"application/json": {**_refers(name), "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}}


def either(described: dict[int | str, Described], ok: int, *names: str) -> dict[int | str, Described]:
    """Return `responses` of an endpoint whose answer has one of several schemas."""
    schema = {"anyOf": [_refers(name)["schema"] for name in names]}
    return {**described, ok: {"description": "Done", "content": {"application/json": {"schema": schema}}}}
