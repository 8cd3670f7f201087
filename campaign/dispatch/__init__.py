"""Due posts are claimed, sent and settled: at most once visible, none lost.

The attempt is committed before the first byte goes out, the outcome after. What nobody knows is looked up, never sent
again blindly.
"""
