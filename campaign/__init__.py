"""A toolkit turned into a running campaign: planned, reviewed, published once, measured."""

__version__ = "0.1.0"
