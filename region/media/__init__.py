"""Images and files of messages: their bytes go straight between device and blob store; here is what surrounds that.

rules        pure: what may be brought, in how many parts, how it is called in the store
repository   the table of blobs, and who may see which
uploads      the gateway's side: an upload is begun, resumed, handed over
asking       how long its requests wait for the blob store, and how many may
downloads    the gateway's side: whoever may see a blob is told where it is
attachments  what a message may refer to
pictures     what stands for users, groups and channels
wakes        tells the service that there is something to do
settings     where the blob store is, and what is allowed

service      the process `media`, apart from the others, which it cannot slow down: composes what follows
work         takes up what is to be checked or fetched
checking     size, checksum, what it really is
sandbox      has `imaging` make an image safe and small, in processes of their own
fetching     brings a blob from the region where it was brought to
serving      the other side of that
collecting   removes what nobody can ever see

    device ─▶ gateway: uploads, downloads ─▶ repository ◀─ work ─▶ checking ─▶ sandbox ─▶ imaging
       └───── signed addresses ─────▶ blob store ◀──────────┴────▶ fetching ═▶ serving (another region)
"""
