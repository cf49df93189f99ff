"""Drains relay rows into `relay.<destination>`: in order, at least once, older streams first, with heartbeats when idle.

plan     pure: runs of relay rows into records, places and heartbeats
drain    reads rows, sends them, keeps progress after they are acknowledged
sluice     lets nothing leave that the standby has not
nudges   listens to the projector, so that nothing waits for the poll
metrics  what is counted
access   keeps what other regions may do in this Kafka
service  entry point

    store ─▶ drain ─▶ plan, sluice ─▶ relay.<destination>
    Redis ─▶ nudges ─┘      └────▶ the directory
"""
