"""Operators: the accounts of the people who run a deployment, what each may do, and the trace of what they did and were refused.

Operators are no users of the messenger. Each of their actions is an *operation*: it is asked for with a session, judged here, written
down, and then carried out with a *pass* that is good for that verb and target alone.

verbs       pure: roles, verbs, and who may do what
tries       pure: how often a password may be tried
bounds      pure: how often something is let happen, and how many refusals were left out of the trace
passes      sessions and passes: signed, short-lived
errors      what is refused, and why
schemas     what requests and answers look like
actors      who asks, by the session that is shown
logins      the use cases of passwords: guesses are counted before they are made
accounts    the use cases of operators: one transaction each
operations  the use cases of what they do: likewise
desk        all of them, put together
detector    lets a standby take over by itself, by a pass like an operator's, and in the same trace
repository  SQL
endpoints   their part of the HTTP API
client      asks for them over HTTP
session     the session that an operator has on this machine, in a file of mode 600; a local federation's own operator
carried     the pass of the operation that goes on
acting      what a command begins with: asks whether it may, and tells how it ended
cli         `causeway operator`
audit       `causeway audit`

    a command ─▶ acting ─▶ client ═ HTTP ═▶ endpoints ─▶ logins, accounts, operations ─▶ verbs, tries, passes
                   └─▶ session                                     └──▶ actors, repository
"""
