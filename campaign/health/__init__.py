"""Is all well? The beat for /healthz, the doctor's findings with a mend each, alerts, and an outward heartbeat."""
