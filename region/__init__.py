"""A region: everything that serves its home users.

gateway    authenticates, validates, appends submissions to the journal, acks; holds the WebSockets
accounts   passwords, tokens, registration: what a gateway needs to know who somebody is
projector  judges submissions in order; one transaction a batch
fanout     follows the projector's output and tells the gateways concerned, through Redis
delivery   what fan-out and gateways agree on
media      images and files: signed addresses for devices, and the process that checks, cleans and fetches them
holding    whether this region may decide: the lease on its duties, and what follows when it lapses
backup     the store as it was, in a blob store, and back
evacuation hands the region's duties to its other site, by plan
failover   takes a dead region's duties over, and gives them back once its site has returned
store      tables and SQL of the region
client     the client library, which imports nothing of a server

    device ─ edge ─▶ gateway ─▶ journal ─▶ projector ─▶ store ─▶ fanout ─▶ Redis ─▶ gateway ─▶ device
"""
