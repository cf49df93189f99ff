"""The gateway: takes what users want, appends it to the journal, and tells their devices what became of it.

service      the process: composes everything
settings     typed settings
announcer    tells the directory of this region
app          one ASGI app: `/ws` to sockets, the rest to HTTP
sockets      WebSockets: token, hello, frames in and out
connection   one device's queue and its writer
session      pure: the state of one device's WebSocket
catchup      reads from the store what a device lacks; gathering: those who ask at the same moment share a
             reading; sharing: pure, who may share a question
hub          all sessions; each output encoded once for all devices concerned
deliveries   listens to fan-out; notices breaks
continuity   pure: judges the ranges of publications
interest     tells fan-out whose devices are here
http         the HTTP app: problems, limits, OpenAPI; endpoints in `http_*`
lenient      what programs write that have nothing to say counts as not given
patience     looks again, for a moment, for what comes from another region
messages     reading and sending messages for HTTP
recipients   where a message goes, and whether there is anybody
validation   pure: what a message must look like
repeats      answers repeated sends with what the store has now
acknowledging  when a sender is told `accepted`; finality: whether the standby has what is committed; stored: what the store has of sends
outcomes     who waits for what becomes of a submission
submissions  builds submissions
marks        pure: merges marks; markkeeper appends them
journal      appends to Kafka through its outages
admission    what endpoints depend on: who asks; callers: whose token it is, and whether the device is still logged in
revocations  follows which devices are logged out, at home and elsewhere; revoked: pure, what is known of it
watching     tells the directory which other regions are reached from here
rates        pure: how often, by the generic cell rate algorithm; limiter: counted together through Redis
signs/       who is there and who types, as far as it is told; the first thing to be given up
guards       what may be done how often; origins: from where a request came; arrivals: how many may come in at once
profiles     users of this and other regions; people/: finding them; searching/: finding messages
concealing   deleting a message for oneself alone
webapp       serves the web app, which region/web is made of; describing: the API as files, for its types
decisions    the journal as accounts see it
repository   SQL reads
frames, views, cursors, schemas, errors

    sockets ─┬▶ session ─▶ recipients ─▶ submissions ─▶ journal ═▶ Kafka
    http ────┘      ▲
                    └── hub ◀─ deliveries ◀═ Redis ◀─ fan-out
"""
