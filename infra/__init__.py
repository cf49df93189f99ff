"""What every component stands on: errors, settings, the process host, and the wrappers of Kafka, SQL and HTTP.

errors      one hierarchy; each error knows its code, status, and whether it is definite
settings    typed settings from the environment, checked at start
backoff     pauses between attempts
serve       the process host: runs one or more services in one process
limits      what holds wherever a request passes
health      what `/health` answers
telemetry   structured logs and the metrics page
tracing     the only module that imports OpenTelemetry: trace context that travels with records
kafka       the only module that imports aiokafka
blobs       the only module that imports boto3 and aiobotocore: a blob store that speaks S3
credentials the keys to it
postgres    pools, and retries of serialization failures
schema      schema revisions: carrying them out, and who may work on a store
tasks       ending tasks for certain
ending      ending a process in order
interrupting commands whose process is ended, or whose terminal is closed
deadlines   one deadline for a whole request
heads       HTTP requests whose head is bounded in size and time
passwords   Argon2id in threads
identity    who is at the other end of a connection, and who is let in
tls         mutual TLS: certificates, contexts, their replacement
answers     answering a request where no framework does
internal    what regions ask each other
peers       the other regions, as this one asks them
ways        where a region's duties are reached, whosever site has them
zones       legal zones, beyond which nobody stands by
topics      names of Kafka topics, by whose duties they serve and at whose site
web         running an ASGI app inside a service
trunk       many connections multiplexed over one WebSocket between two processes
local       the federation on one machine: toolchain, supervisor, link proxies
observability  what operators see: the way of one message, everything at a glance, alerts, dashboards

    serve ─▶ settings, telemetry, health ─▶ (services, found by entry point) ─▶ kafka | postgres | blobs | web
"""
