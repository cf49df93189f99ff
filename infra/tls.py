"""Mutual TLS: this process's certificate, how it calls others and is called, and the replacement of both while it runs.

Whoever calls verifies the name of whom it calls (`identity.host_name`), not the address: any address may lead there, through
any proxy, but only the one who is meant has the key.
"""

import asyncio
import functools
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
from cryptography import x509
from prometheus_client import Gauge

from infra.errors import SettingsError
from infra.identity import host_name, named_by
from infra.settings import ServiceSettings

log = structlog.get_logger()

LOOK_SECONDS: Final = 5.0
"""How often the files are looked at; a new certificate is used for connections that are made after that."""

_EXPIRES = Gauge(
    "causeway_tls_certificate_expires_timestamp_seconds", "When this process's certificate ends.", ["name"]
)


class MutualTls:
    """A certificate with its key, and the authorities by which others are judged.

    Attributes:
        name: Whom the certificate names: a region, or the directory.
        server: Context for being called: the caller must show a certificate.
        client: Context for calling; the caller says whom it means, by `identity.host_name`.
    """

    def __init__(self, certificate: Path, key: Path, authorities: Path) -> None:
        """Read the files.

        Raises:
            SettingsError: One cannot be used; the message says which, and why.
        """
        self._files = (certificate, key, authorities)
        self._seen = self._look()
        self.name = self._check()
        self.server = _context(ssl.PROTOCOL_TLS_SERVER)
        self.client = _context(ssl.PROTOCOL_TLS_CLIENT)
        self._load(self.server, self.client)

    @classmethod
    def read(cls, settings: ServiceSettings) -> "MutualTls | None":
        """Read what the settings name; None if they name nothing, and so want plain text.

        Raises:
            SettingsError: They name a part only, or what cannot be used.
        """
        files = {
            "CAUSEWAY_TLS_CERTIFICATE": settings.tls_certificate,
            "CAUSEWAY_TLS_KEY": settings.tls_key,
            "CAUSEWAY_TLS_AUTHORITIES": settings.tls_authorities,
        }
        found = [path for path in files.values() if path is not None]
        if not found:
            return None
        if len(found) < len(files):
            missing = ", ".join(name for name, path in files.items() if path is None)
            raise SettingsError(problems=f"{missing}: missing; TLS needs a certificate, its key and the authorities")
        return cls(*found)

    def check_name(self, name: str) -> None:
        """Refuse to be somebody else.

        Raises:
            SettingsError: The certificate names another.
        """
        if self.name != name:
            raise SettingsError(
                problems=f"CAUSEWAY_TLS_CERTIFICATE: {self._files[0]} is for {host_name(self.name)}, not for {host_name(name)}"
            )

    async def keep_fresh(self) -> None:
        """Use what the files hold whenever they change, until cancelled; what cannot be used is told, and the old goes on."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self.refresh()
            except SettingsError as error:
                log.error("new certificate cannot be used", problem=str(error))  # noqa: TRY400 — the reason says it all

    def refresh(self) -> bool:
        """Use what the files hold if they changed; return whether they had.

        Raises:
            SettingsError: It cannot be used; what was used before still is.
        """
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen
        if (name := self._check()) != self.name:
            raise SettingsError(problems=f"CAUSEWAY_TLS_CERTIFICATE: it is for {host_name(name)} now")
        self._load(_context(ssl.PROTOCOL_TLS_SERVER))  # a pair that does not match would spoil the contexts in use
        self._load(self.server, self.client)
        log.info("certificate replaced", name=self.name)
        return True

    def _look(self) -> tuple[tuple[int, int], ...]:
        try:
            return tuple((path.stat().st_mtime_ns, path.stat().st_ino) for path in self._files)
        except OSError as error:
            raise SettingsError(problems=f"{error.filename}: {(error.strerror or 'unreadable').lower()}") from error

    def _check(self) -> str:
        path = self._files[0]
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            hosts = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (OSError, ValueError, x509.ExtensionNotFound) as error:
            raise SettingsError(
                problems=f"CAUSEWAY_TLS_CERTIFICATE: {path} holds no certificate with names ({error})"
            ) from error
        name = named_by(hosts.value.get_values_for_type(x509.DNSName))
        if name is None:
            raise SettingsError(problems=f"CAUSEWAY_TLS_CERTIFICATE: {path} names no region; it must name one alone")
        end = certificate.not_valid_after_utc
        if end <= datetime.now(UTC):
            raise SettingsError(
                problems=f"CAUSEWAY_TLS_CERTIFICATE: {path} ended at {end:%Y-%m-%d %H:%M} UTC; renew it"
            )
        _EXPIRES.labels(name).set(end.timestamp())
        return name

    def _load(self, *contexts: ssl.SSLContext) -> None:
        certificate, key, authorities = self._files
        for context in contexts:
            try:
                context.load_cert_chain(certificate, key)
            except (OSError, ValueError) as error:  # an SSLError is an OSError
                reason = f"{key} is not the key of {certificate}, or cannot be read ({error})"
                raise SettingsError(problems=f"CAUSEWAY_TLS_KEY: {reason}") from error
            try:
                context.load_verify_locations(authorities)
            except (OSError, ValueError) as error:
                reason = f"{authorities} holds no certificates ({error})"
                raise SettingsError(problems=f"CAUSEWAY_TLS_AUTHORITIES: {reason}") from error


class PeerTransport(httpx.AsyncHTTPTransport):
    """Carries an httpx client's requests to one region, or the directory, and to nobody who has another certificate."""

    def __init__(self, name: str, tls: MutualTls | None, **options: Any) -> None:
        """Prepare.

        Args:
            name: Who is meant.
            tls: Who calls; None for plain text.
            options: As for httpx's own transport.
        """
        super().__init__(verify=tls.client if tls else public(), trust_env=False, **options)
        self._host = host_name(name)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request."""
        request.extensions = {**request.extensions, "sni_hostname": self._host}
        return await super().handle_async_request(request)


@functools.cache
def public() -> ssl.SSLContext:
    """Return the context for calling whoever has a certificate of a public authority, which plain text never uses: made once a process, since reading all authorities takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)


def _context(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # both ends are ours
    context.verify_mode = ssl.CERT_REQUIRED
    return context
