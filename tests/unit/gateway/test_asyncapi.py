"""The AsyncAPI description says what the gateway decodes and encodes."""

import json
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest

from region.gateway import frames
from region.gateway.asyncapi import describe, kinds
from region.gateway.frames import DeviceFrame, RegionFrame

DOCUMENT: dict[str, Any] = json.loads(describe("Causeway", "1"))


SAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "hello": ({"type": "hello", "resume": None, "held": {"d": [1, 41]}}, "resume"),
    "send": ({"type": "send", "client_message_id": "c7", "recipient_id": "u1-us", "text": "Hello"}, "text"),
    "received": ({"type": "received", "conversation_id": "d", "seq": 42, "epoch": 1}, "seq"),
    "read": ({"type": "read", "conversation_id": "d", "seq": 42}, "seq"),
    "typing": ({"type": "typing", "conversation_id": "d"}, "conversation_id"),
    "watch": ({"type": "watch", "user_ids": ["u1-us"]}, "user_ids"),
    "ping": ({"type": "ping"}, "nonce"),
}
"""Of each frame that devices send: one that is right, and a field that must not be an object."""


def validator(name: str) -> "jsonschema_rs.Validator":
    """A validator of the frames of that type."""
    payload = DOCUMENT["components"]["messages"][name]["payload"]
    return jsonschema_rs.validator_for({**payload, "components": DOCUMENT["components"]})


def test_every_frame_of_the_code_is_described() -> None:
    """Of the module, not only of the unions: a frame that is in no union would be forgotten."""
    tagged = {
        kind.__struct_config__.tag
        for kind in vars(frames).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_config__.tag is not None
    }

    assert tagged == set(DOCUMENT["components"]["messages"]) == set(DOCUMENT["channels"]["socket"]["messages"])
    spoken = [
        {reference["$ref"].rsplit("/", 1)[1] for reference in operation["messages"]}
        for operation in DOCUMENT["operations"].values()
    ]
    assert spoken == [set(kinds(DeviceFrame)), set(kinds(RegionFrame))]


def test_every_reference_leads_somewhere() -> None:
    """As `$ref` of OpenAPI and AsyncAPI: a path in the document."""

    def references(part: object) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if "$ref" in part else []
            return own + [found for value in part.values() for found in references(value)]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    found = references(DOCUMENT)
    assert len(found) > 20
    for reference in found:
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@pytest.mark.parametrize("kind", get_args(DeviceFrame), ids=lambda kind: kind.__name__)
def test_frames_of_devices_are_judged_as_the_decoder_does(kind: type[msgspec.Struct]) -> None:
    """What the schema takes is decoded; a field of a wrong type is refused by both."""
    name = str(kind.__struct_config__.tag)
    sample, wrong = SAMPLES[name]
    broken = sample | {wrong: {}}

    assert validator(name).is_valid(sample)
    assert isinstance(frames.decode(json.dumps(sample)), kind)
    assert not validator(name).is_valid(broken)
    with pytest.raises(msgspec.ValidationError):
        frames.decode(json.dumps(broken))
