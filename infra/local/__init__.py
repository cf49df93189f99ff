"""The federation on one machine: every real part of the regions, started, supervised and disturbed from here.

    cli, up ──▶ supervisor (own process) ──▶ child ──▶ process ──▶ kafka, postgres, valkey, seaweed, mirrormaker, services, linkproxy
       │            └── state (pure)
       └──▶ control (unix socket) ──▶ supervisor
            topology (pure): Federation ─▶ Parts, Links        toolchain ──▶ maven, training

checks       what goes before the tests; `audit` asks what is known of our packages
lanes        how the tests are cut, and runs them
bootstrap    makes the Python environment, before anything is installed
locking      resolves the lock files anew
toolchain    brings Java, Kafka, PostgreSQL, Valkey and SeaweedFS; `maven` and `jars` fetch and verify, `training` makes AOT caches
tools        where all of it is; `promtool` brings the checker of alerting rules, for tests
federation   what is asked for: regions, processes, brokers, the base port
numbering    which part listens where
topology     lays the parts and links out; `parts` describes one, `services`, `kafka`, `postgres`, `seaweed`, … each kind
homes        where a federation's data is, and whose it is
supervisor   runs the parts; `child` is one of them, `process` knows it again, `probe` asks whether it is well
control      how another terminal reaches the supervisor; `report` and `view` say and show what it answers
up           starting, waiting and stopping, from the command line
link         pure: how traffic between regions is delayed, narrowed and cut; `linkproxy` does it
certificates the local authority, and the certificates of regions and directory; `certified` says where they lie
keeping      files of that home for its owner alone; `guests` are the demonstration's accounts
keys, ports  a region's signing key; free ports
"""
