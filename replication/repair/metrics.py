"""What an origin counts while it serves repairs."""

from prometheus_client import Counter

REQUESTS = Counter("causeway_repair_requests", "Ranges that were asked for, by error code; none if served.", ["code"])
SERVED = Counter("causeway_repair_records", "Records served to a destination that missed them.", ["destination"])
