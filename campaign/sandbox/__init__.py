"""The local world: emulators of X, Facebook and LinkedIn, a mail catcher, and the pages that show what arrived.

For tests, rehearsals and the demo. The emulators are written from the platforms' public documents and never see the
adapters in ``campaign.channels``, so that a mistake has to be made twice to pass unseen.
"""
