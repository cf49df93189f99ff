"""The local federation's own authority, and the certificates that it gives to each region and to the directory.

    home/authority/{certificate,key}.pem                          its key signs, and is nobody's but the set-up's
    home/<region or directory>/tls/{certificate,key,both,authorities}.pem

`both` holds key and certificate, as Kafka wants them. Elliptic keys, since Java reads them from PEM too.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.identity import DOMAIN, host_name
from infra.local.certified import AUTHORITY, Files

__all__ = ["AUTHORITY", "RENEW_BEFORE", "Authority", "Files"]

AUTHORITY_LIFE: Final = timedelta(days=3650)
LIFE: Final = timedelta(days=397)
RENEW_BEFORE: Final = timedelta(days=30)
SKEW: Final = timedelta(hours=1)
"""Certificates hold from that long ago, for clocks that are behind."""
LOOPBACK: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs certificates.

    Attributes:
        certificate: Its own.
        key: Its private key.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, now: datetime) -> "Authority":
        """Make a new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority.{DOMAIN}")])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(name, name, key, now, AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def read(cls, directory: Path) -> "Authority | None":
        """Read the one that a directory holds; None if it holds none."""
        try:
            certificate = x509.load_pem_x509_certificate((directory / "certificate.pem").read_bytes())
            key = load_pem_private_key((directory / "key.pem").read_bytes(), None)
        except (FileNotFoundError, ValueError):
            return None
        same = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == certificate.public_key()
        return cls(certificate, key) if same else None  # type: ignore[arg-type]  # of that kind, if the same

    def issue(self, name: str, now: datetime, life: timedelta = LIFE) -> tuple[x509.Certificate, bytes]:
        """Return a new certificate for a region, or the directory, and its key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host_name(name))])
        loopback = [x509.DNSName("localhost"), *(x509.IPAddress(ip_address(text)) for text in LOOPBACK)]
        both_ways = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _builder(subject, self.certificate.subject, key, now, life)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host_name(name)), *loopback]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(both_ways), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, SHA256())
        )
        return certificate, _pem(key)

    def write(self, files: Files, name: str, now: datetime, life: timedelta = LIFE) -> None:
        """Issue a certificate and lay it down; whoever reads meanwhile may find a pair that does not match, and reads again."""
        certificate, key = self.issue(name, now, life)
        text = certificate.public_bytes(Encoding.PEM)
        _write(files.key, key)
        _write(files.certificate, text)
        _write(files.both, key + text)
        _write(files.authorities, self.certificate.public_bytes(Encoding.PEM))

    def is_good(self, files: Files, now: datetime) -> bool:
        """Whether a certificate is there, was issued by this authority, and does not end soon."""
        if not all(path.exists() for path in (files.key, files.both, files.authorities)):
            return False
        try:
            certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            certificate.verify_directly_issued_by(self.certificate)
        except (FileNotFoundError, ValueError, TypeError, InvalidSignature):
            return False
        return now + RENEW_BEFORE < certificate.not_valid_after_utc


def ensure(home: Path, names: Sequence[str], now: datetime | None = None) -> list[str]:
    """See that all of them have a certificate that does not end soon; return those that got a new one.

    Args:
        home: The federation's.
        names: Regions, and the directory.
        now: The time; what the clock says.
    """
    now = now or datetime.now(UTC)
    directory = home / AUTHORITY
    authority = Authority.read(directory)
    if authority is None or now + LIFE >= authority.certificate.not_valid_after_utc:
        authority = Authority.make(now)
        _write(directory / "key.pem", _pem(authority.key))
        _write(directory / "certificate.pem", authority.certificate.public_bytes(Encoding.PEM))
    renewed = [name for name in names if not authority.is_good(Files.of(home, name), now)]
    for name in renewed:
        authority.write(Files.of(home, name), name, now)
    return renewed


def ensure_held(home: Path, wanted: Sequence[tuple[Files, str]], now: datetime | None = None) -> None:
    """See that a site has a certificate for each region whose duties may be held there; after `ensure`.

    Args:
        home: The federation's.
        wanted: Where each lies, and which region it names.
        now: The time; what the clock says.
    """
    now = now or datetime.now(UTC)
    authority = Authority.read(home / AUTHORITY)
    for files, name in wanted:
        if authority is not None and not authority.is_good(files, now):
            authority.write(files, name, now)


def renew(home: Path, names: Sequence[str]) -> None:
    """Give all of them a new certificate, of the authority that there is.

    Raises:
        FileNotFoundError: The home has no authority yet.
    """
    authority = Authority.read(home / AUTHORITY)
    if authority is None:
        raise FileNotFoundError(2, "no authority was made yet", str(home / AUTHORITY))
    for name in names:
        authority.write(Files.of(home, name), name, datetime.now(UTC))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes) -> None:
    """Write a file that only we may read, so that a reader finds the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 — with its mode
        file.write(data)
    fresh.replace(path)
