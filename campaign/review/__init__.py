"""Queue, preview, approve, return, reject, hold: people's decisions, bound to the exact content and audited."""
