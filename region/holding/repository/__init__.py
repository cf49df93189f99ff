"""SQL of what is kept of leases."""
