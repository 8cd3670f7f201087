"""Webhooks: other programs are told when a post is published, fails, is unconfirmed or is returned."""
