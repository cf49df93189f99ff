"""What was given up of signs, so that what matters goes on."""

from typing import Final

from prometheus_client import Counter

SHED: Final = Counter(
    "causeway_gateway_signs_shed_total", "Signs that were given up, by what they were and why.", ["what", "why"]
)
PRESENCE: Final = {why: SHED.labels("presence", why) for why in ("often", "busy", "redis", "store", "region", "device")}
TYPING: Final = {
    why: SHED.labels("typing", why)
    for why in ("often", "busy", "redis", "store", "region", "late", "device", "unreadable")
}
TOLD: Final = Counter(
    "causeway_gateway_typists_total", "Frames that told devices who types, or whose profile has changed."
)
