"""The local federation: every real part of three regions on one machine, started, supervised and disturbed from here.

    cli ──▶ supervisor (own process) ──▶ parts: kafka, postgres, valkey, mirrormaker, services, linkproxy
     │            │                        │
     │            └── state (pure)         └── toolchain ──▶ maven
     └──▶ control (unix socket) ─▶ supervisor
                topology (pure): Federation ─▶ Parts, Links

Modules: `bootstrap` makes the environment, `toolchain` and `maven` bring the servers, `topology` lays the parts out,
`supervisor` runs them, `link` shapes traffic between regions, `control` is how another terminal reaches the supervisor.
"""
