"""Newsletters: an issue is rendered once, merged per recipient, and sent so that nobody gets it twice or not at all.

``render`` makes the letter, ``merge`` one recipient's copy of it, ``wire`` speaks SMTP, ``replies`` reads the answers,
``journal`` and ``ledger`` remember who got what, ``run`` works through the list, ``sending`` offers it all to dispatch.
"""
