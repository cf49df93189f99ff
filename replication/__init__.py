"""What regions say to each other, and what they must agree on byte for byte.

ids         names of users, conversations and messages: bucket and region can be read off them
accounts    what happens to accounts and their devices
attachments references to images and files, as messages hold them
groups      what happens in groups: the bodies of their logs' entries
channels    what happens in channels, and what their state has beyond a group's
concealed   what a user deletes for oneself alone
emoji       pure: what a reaction may be
charters    a conversation's state, for a region that gains its first member
runs        sets of seqs
records     what a journal and a relay topic carry
consistency pure: ids that do not follow from each other
codec       records to bytes and back, with a version
outputs     what a projector put out, batch by batch, and the relay rows that refer to it
streams     pure: judge each record of a stream from another region
progress    pure: how far each stream was taken in, as commit metadata
topics      names and settings of topics
holding     pure: who holds a region's duties, in which epoch; leases and takeover
turns       at whose site a store's duties are served
repair      the origin's side of a repair: ranges of a stream over HTTP
repository  SQL of outputs, relay rows and the progress of those who follow them

    region.projector ─▶ outputs, relay rows ─▶ relay.forwarder ─▶ relay.<destination> ═ MirrorMaker 2 ═▶ relay.ingester ─▶ journal
"""
