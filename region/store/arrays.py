"""Lists as PostgreSQL arrays in binary, one class a type, so that a statement takes a whole batch and is planned once.

psycopg adapts lists too, but chooses the type by the values (so a new plan whenever they grow) and takes five times as long.
The format: PostgreSQL, `src/backend/utils/adt/arrayfuncs.c`, `array_recv`.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import ClassVar

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_header = struct.Struct("!iiIii")
_length = struct.Struct("!i")


class _Array:
    __slots__ = ("values",)
    element: ClassVar[int]

    def __init__(self, values: Sequence[object]) -> None:
        self.values = values

    def encode(self) -> bytes:
        if not self.values:
            return struct.pack("!iiI", 0, 0, self.element)
        return _header.pack(1, 0, self.element, len(self.values), 1) + self.body()

    def body(self) -> bytes:
        raise NotImplementedError


class Int8s(_Array):
    """A `bigint[]`."""

    element = 20

    def __init__(self, values: Iterable[int]) -> None:
        """Take the values; none may be None."""
        super().__init__(list(values))

    def body(self) -> bytes:
        """Return the elements, each after its length."""
        flat: list[object] = [8] * (2 * len(self.values))
        flat[1::2] = self.values
        return struct.pack("!" + "iq" * len(self.values), *flat)


class Booleans(_Array):
    """A `boolean[]`."""

    element = 16

    def __init__(self, values: Iterable[bool]) -> None:
        """Take the values; none may be None."""
        super().__init__(list(values))

    def body(self) -> bytes:
        """Return the elements, each after its length."""
        return b"".join(b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in self.values)


class Byteas(_Array):
    """A `bytea[]`."""

    element = 17

    def __init__(self, values: Iterable[bytes]) -> None:
        """Take the values; none may be None."""
        super().__init__(list(values))
        self._values: list[bytes] = list(self.values)  # type: ignore[arg-type]  # as given

    def body(self) -> bytes:
        """Return the elements, each after its length."""
        pack = _length.pack
        return b"".join([part for value in self._values for part in (pack(len(value)), value)])


class Texts(Byteas):
    """A `text[]`."""

    element = 25

    def __init__(self, values: Iterable[str]) -> None:
        """Take the values; none may be None."""
        super().__init__([value.encode() for value in values])


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Array) -> Buffer | None:
        return obj.encode()


def _register(kind: type[_Array], array_oid: int) -> None:
    psycopg.adapters.register_dumper(kind, type(f"{kind.__name__}Dumper", (_ArrayDumper,), {"oid": array_oid}))


for _kind, _oid in ((Int8s, 1016), (Booleans, 1000), (Byteas, 1001), (Texts, 1009)):
    _register(_kind, _oid)
