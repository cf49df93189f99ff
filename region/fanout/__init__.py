"""Fan-out: follows what the projector put out, with an offset of its own, and tells the gateways concerned.

plan      pure: which gateway is told what, and which range of positions each publication covers
follower  reads outputs, asks Redis who is where, publishes, keeps its place
service   composes them
metrics   what is measured

    outputs (PostgreSQL) ─▶ follower ─▶ plan ─▶ Redis ─▶ gateways
"""
