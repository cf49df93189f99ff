"""The API's descriptions can be had without a gateway that runs: the web app's types are made of them."""

import json
from pathlib import Path

from infra.local.keys import make_signing_key
from region.gateway.describing import NAMES, describe


async def test_both_descriptions_are_whole(tmp_path: Path) -> None:
    """HTTP with the schemas that the app's types need, and the frames of the socket; nothing is connected to for it."""
    make_signing_key(tmp_path / "key.pem")

    found = {name: json.loads(content) for name, content in (await describe(tmp_path / "key.pem")).items()}

    assert set(found) == set(NAMES)
    assert {"/login", "/messages", "/groups/{group_id}", "/channels", "/messages/search"} <= set(
        found["openapi.json"]["paths"]
    )
    assert {"Message", "Conversation", "Tokens", "Problem"} <= set(found["openapi.json"]["components"]["schemas"])
    assert {"hello", "welcome", "entry", "refused"} <= set(found["asyncapi.json"]["components"]["messages"])
