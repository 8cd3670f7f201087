"""The demo: the SEND campaign of eight fictional partners, published within seconds to the local platforms.

It is a workspace like any other, laid out, filled and approved through the same functions as a person's own; only the
timetable is brought forward, and the channels point at the sandbox. The partners, their people and their subscribers
are made up; the Department for Education stands in with a copy of its role, not its accounts.
"""
