"""How operators see a federation: the way of one message, everything at a glance, alerts and dashboards.

trace      the way of one message, asked of the regions' admin ports
top        everything at a glance, on a full screen

They ask from outside: the supervisor of the local federation where everything is, and each part over its admin port.
"""
