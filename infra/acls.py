"""Kafka's access lists: what other regions may read of this region's Kafka. Besides `infra.kafka` the only module that knows aiokafka.

A region's own parts come by listeners that are not authenticated here, and are super users; another region comes over TLS, is
who its certificate names, and may do what stands here, and nothing else.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Self

from aiokafka.errors import SecurityDisabled, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from infra.administration import administration
from infra.topics import carried_topics

Resource = Literal["topic", "group", "cluster"]
Operation = Literal["all", "read", "describe", "describe-configs"]
Permission = Literal["deny", "allow"]

CLUSTER: Final = "kafka-cluster"
EVERY: Final = "*"
HEARTBEATS: Final = "heartbeats"
"""A topic of MirrorMaker's own: it mirrors those of a source to measure how far behind it is."""

_RESOURCES: Final[dict[Resource, int]] = {"topic": 2, "group": 3, "cluster": 4}
_OPERATIONS: Final[dict[Operation, int]] = {"all": 2, "read": 3, "describe": 8, "describe-configs": 10}
_PERMISSIONS: Final[dict[Permission, int]] = {"deny": 2, "allow": 3}
_LITERAL: Final = 3
_ANY: Final = 1
_ANY_HOST: Final = "*"
_PRINCIPAL: Final = "User:"


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """What somebody may, or may not, do.

    Attributes:
        who: A region, as its certificate names it.
        resource: The kind of what it is about.
        name: Of the resource; `EVERY` for all of them.
        operation: What may be done with it.
        permission: Whether it may; a denial outweighs everything.
    """

    who: str
    resource: Resource
    name: str
    operation: Operation
    permission: Permission = "allow"


def allowances(
    peers: Iterable[str], *, site: str = "", standbys: Mapping[str, str] = MappingProxyType({})
) -> frozenset[Rule]:
    """Return what MirrorMakers beside those regions need here: to read what is meant for each, and to see how it is configured.

    Args:
        peers: The other regions.
        site: This one; to be named where duties may be held elsewhere.
        standbys: Region to the one that may take its duties over, where one may.
    """
    may: tuple[Operation, ...] = ("read", "describe", "describe-configs")
    return frozenset(
        Rule(peer, "topic", topic, operation)
        for peer in peers
        for topic in (*carried_topics(site, peer, standbys), HEARTBEATS)
        for operation in may
    )


def denials(peers: Iterable[str]) -> frozenset[Rule]:
    """Return what keeps those regions from everything."""
    everything: tuple[tuple[Resource, str], ...] = (("topic", EVERY), ("group", EVERY), ("cluster", CLUSTER))
    return frozenset(Rule(peer, resource, name, "all", "deny") for peer in peers for resource, name in everything)


class AccessLists:
    """The access lists of one Kafka; an async context manager."""

    def __init__(self, bootstrap: str) -> None:
        """Prepare.

        Args:
            bootstrap: Bootstrap servers, by a listener whose users may change access lists.
        """
        self._connection = administration(bootstrap, client="access-lists")

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            KafkaError: The broker cannot be reached.
        """
        self._admin = await self._connection.__aenter__()
        return self

    async def __aexit__(self, *ended: Any) -> None:  # noqa: PYI036 — handed on as they are
        """Disconnect."""
        await self._connection.__aexit__(*ended)

    async def read(self) -> frozenset[Rule]:
        """Return the rules that are in force, but for those that say what no `Rule` can; none if the broker keeps no access lists.

        Raises:
            KafkaError: The broker cannot be reached, or refused.
        """
        return _rules(await self._everything())

    async def enforce(
        self, *, allow: Iterable[Rule], deny: Iterable[Rule] = (), lift: Iterable[Rule] = ()
    ) -> tuple[bool, list[str]]:
        """See to it that these rules are in force, and that nothing else allows anybody anything, however it says so; read them once.

        Args:
            allow: What is allowed, and nothing besides.
            deny: What is denied.
            lift: What is denied no longer.

        Returns:
            Whether a rule was added or lifted; and what else had been allowed, for people.

        Raises:
            KafkaError: The broker cannot be reached, or refused; some may be changed.
        """
        there = await self._everything()
        known = frozenset(allow)
        changed = await self._change(_rules(there), add=known | frozenset(deny), remove=lift)
        fields_of_known = {_fields(rule) for rule in known}
        surplus = [
            fields for fields in there if fields.permission == _PERMISSIONS["allow"] and fields not in fields_of_known
        ]
        await asyncio.gather(*(self._send(DeleteAclsRequest(*fields)) for fields in surplus))
        return changed, sorted(str(fields) for fields in surplus)

    async def change(self, *, add: Iterable[Rule] = (), remove: Iterable[Rule] = ()) -> bool:
        """Add the rules that are missing, and remove those that are there; return whether anything was to be done.

        Raises:
            KafkaError: The broker cannot be reached, or refused; some may be changed.
        """
        return await self._change(await self.read(), add=add, remove=remove)

    async def _change(self, there: frozenset[Rule], *, add: Iterable[Rule], remove: Iterable[Rule]) -> bool:
        missing, unwanted = sorted(frozenset(add) - there), sorted(frozenset(remove) & there)
        await asyncio.gather(*(self._send(CreateAclsRequest(*_fields(rule))) for rule in missing))
        await asyncio.gather(*(self._send(DeleteAclsRequest(*_fields(rule))) for rule in unwanted))
        return bool(missing or unwanted)

    async def _everything(self) -> list["_Fields"]:
        try:
            found = await self._send(DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY))
        except SecurityDisabled:
            return []
        return [_Fields(*resource, *rule) for *resource, rules in found.resources for rule in rules]

    async def _send(self, request: CreateAclsRequest | DeleteAclsRequest | DescribeAclsRequest):  # type: ignore[no-untyped-def]  # aiokafka is untyped
        answer = await self._admin._send_request(request)  # noqa: SLF001 — it has no public call for access lists
        entries = getattr(answer, "creation_responses", None) or getattr(answer, "filter_responses", None)
        codes = [entry[0] for entry in entries] if entries else [getattr(answer, "error_code", 0)]
        for code in codes:
            if code:
                raise for_code(code)
        return answer


class _Fields(NamedTuple):
    """A rule as Kafka says it, in the order of its requests."""

    resource: int
    name: str
    pattern: int
    principal: str
    host: str
    operation: int
    permission: int

    def __str__(self) -> str:
        """For people; kinds that no `Rule` can have are told by Kafka's numbers."""
        resource = next((name for name, code in _RESOURCES.items() if code == self.resource), str(self.resource))
        operation = next((name for name, code in _OPERATIONS.items() if code == self.operation), str(self.operation))
        pattern = "" if self.pattern == _LITERAL else f" (pattern {self.pattern})"
        return f"{self.principal} from {self.host}: {operation} {resource} {self.name}{pattern}"


def _fields(rule: Rule) -> _Fields:
    return _Fields(
        _RESOURCES[rule.resource],
        rule.name,
        _LITERAL,
        _PRINCIPAL + rule.who,
        _ANY_HOST,
        _OPERATIONS[rule.operation],
        _PERMISSIONS[rule.permission],
    )


def _rules(found: Iterable[_Fields]) -> frozenset[Rule]:
    """Return them as rules, but for those that no `Rule` can say."""
    resources = {code: name for name, code in _RESOURCES.items()}
    operations = {code: name for name, code in _OPERATIONS.items()}
    permissions = {code: name for name, code in _PERMISSIONS.items()}
    return frozenset(
        Rule(who.removeprefix(_PRINCIPAL), resources[kind], name, operations[operation], permissions[permission])
        for kind, name, pattern, who, host, operation, permission in found
        if kind in resources and pattern == _LITERAL and host == _ANY_HOST
        if operation in operations and permission in permissions
    )
