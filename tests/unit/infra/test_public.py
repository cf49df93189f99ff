"""Whoever calls in plain text, or whom a public authority names, reads no authorities each time."""

import ssl

from infra.tls import PeerTransport, public


def test_one_context_is_made_a_process_and_it_verifies() -> None:
    """Reading all authorities takes tens of milliseconds; the name of who answers counts."""
    context = public()

    assert public() is context
    assert PeerTransport("us", None)._pool._ssl_context is context  # noqa: SLF001 — httpx shows it nowhere
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.cert_store_stats()["x509_ca"] > 50
