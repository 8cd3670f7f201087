"""Engagement: when a post's figures are read, and the reading of them."""
