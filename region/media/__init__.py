"""The region's blob store, for images and files: whether it is there.

settings    where the blob store is
service     the process `media`, apart from the others, which it cannot slow down: makes the bucket, and watches the store
"""
