"""How operators see a federation: the way of one message, everything at a glance, alerts and dashboards.

trace        the way of one message, asked of the regions' admin ports
top          everything at a glance, on a full screen
dashboards   the Grafana dashboard, made from a list of panels
names        pure: which metrics rules and dashboards name, and which of them nobody exposes
places       where the admin ports are
prometheus/  recording and alerting rules; grafana/ the dashboard

They ask from outside: the supervisor of the local federation where everything is, and each part over its admin port.
"""
