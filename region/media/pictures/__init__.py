"""Pictures of users, groups and channels: images that their state refers to, and no message need.

choosing    what may become one: an image of one's own that is ready
repository  the SQL of it: who may see which
origins     asks the region where a picture was brought, for whom this one knows nothing of it; and answers others
"""
