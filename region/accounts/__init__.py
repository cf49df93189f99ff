"""Accounts of a region's own users: registering, logging in, devices and tokens.

errors       what can be wrong
rules        what a password and a name must look like
letters      pure: what names may be written with
tokens       Ed25519 JWTs: signing, verifying offline, remembering the good ones
ring         pure: a region's signing keys, one after another, and their file
keyring      the ring as a gateway has it; read again when its file changes
cli          `causeway keys`: list and rotate them
ports        what this package needs of the directory and of the journal
endings      pure: why a device was logged out, as its owner is told
reuse        pure: what it means that a refresh token is shown, and shown again
credentials  changing the password, which ends all other sessions
appearance   changing what others see, and whether searches find one
federation   all regions as the directory announces them: keys, holders, URLs
registration reserve, create, confirm: repaired wherever it was interrupted
sessions     log in, refresh, log out, list and revoke devices
repository   SQL reads of users and devices

    endpoints ─▶ registration, sessions ─▶ ports.Journal ─▶ journal ─▶ projector
                      └─▶ infra.passwords, tokens, federation ─▶ ports.Directory
"""
