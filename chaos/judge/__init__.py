"""The judge: from a ledger of what clients invoked and saw, whether the invariants held; true, false or unknown.

events        what a ledger records
ledger        the file: written as it happens, never changed, read again
ranges        sets of numbers that are mostly dense
verdict       three values, rulings with their evidence, and how they combine
facts         what a ledger comes to: messages, logs, views, and what in them does not agree
deeds         what was to be done in groups, and what stands in their logs for it
groups        pure: who belongs to a group, seq by seq, and what breaks its rules
channels      pure: the same of a channel, and what of its log is shown to all
altered       what was to be done to messages, and what histories showed of them in the end
history       one pass over a ledger, which gathers them
delivery      lost, phantom
order         duplicate, order, hole
streams       live streams that went back or skipped
marks         marks and statuses that went back
entitlement   what somebody, or a region, has and may not have
residency     whether a region's store has what may not rest there
membership    the rules of groups: who may change what, a hundred members, an owner
alterations   what edits, deletions and reactions come to
digests       whether regions hold the same
spans         pure: faults that last, whom they spare, and the sends that met them
expectations  what was to hold though a fault lasted, and soon after it: served, converged
holder        whether a region whose lease has lapsed lets nobody in
takeover      whether who stands by serves the people of a region that is gone
waits         pure: how long requests took while parts that have a replica were killed: prompt
tails         what a takeover took out of a log: told, and there again
promises      whether what was accepted as replicated outlived its region
sufficiency   whether faults were seen and enough was accepted, so that "true" means something
judgement     all of it, over one ledger
rehearsal     good ledgers, generated from a seed; what the judge must find nothing in
story         short ledgers, told step by step
planted       faults planted in a good ledger; the judge must find each, and nothing else
troupe        a group of a rehearsal: its log, and who may see what of it
usurped       faults planted in a good ledger's groups
herald        a channel of a rehearsal: its log, and what each of its people is shown of it
leaked        faults planted in a good ledger's channels
retold        what messages of a rehearsal have come to, and how they are told
mangled       faults planted in a good ledger's alterations
grafting      how events are changed for that

    workload, faults ─▶ ledger ─▶ judgement ─▶ history ─┬▶ delivery, order, entitlement, digests, sufficiency ─▶ verdict
                                      └─▶ streams, marks, expectations, holder, tails, promises ┘
"""
