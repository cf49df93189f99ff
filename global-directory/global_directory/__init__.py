"""The global directory: who lives where, and who holds which region's duties in which epoch. Nothing else about anybody.

client        what region and relay import: a cached, retrying client of the HTTP API
transport     one call over HTTP, tried again, clear about its outcome
patience      how long whoever serves a device waits for an answer
cache         pure: a bounded cache whose entries age, and are served stale when nothing better is to be had
schemas       what requests and answers look like; client and app share it
errors        what the directory refuses, and why
rules         pure: judges reservations, confirmations, releases, announcements
holding       who holds which region's duties, until when: leases
directory     the use cases: one transaction each, read, judge, write
repository    SQL
transactions  whole transactions, retried while they lose races, and never when their outcome is unknown
schema        tables, as this version uses them
revisions     tables, and every change of them
localities    where rows rest: what only CockroachDB understands
app           the HTTP API
metrics       what it counts
holders       who holds which region's duties, followed by every process that asks regions or is sent something by them
operators     the people who run the deployment: who they are, what they may do, and the trace of it
place         which directory a command asks
trust         which regions are trusted, followed by every process that meets others
roll          who was expelled, kept in mind by the directory
cli           `causeway region`
settings      typed settings
service       the process

    client ─▶ transport ═ HTTP ═▶ app ─▶ directory ─▶ transactions
                                            ├─▶ rules
                                            └─▶ repository ─▶ schema
"""
