"""Configuration: config.toml and the environment, read once into frozen settings.

``find_workspace`` finds the folder, ``load_settings`` reads it, ``validated`` gives a channel's own section the same
clear errors, ``lay_out`` puts the shipped starter into a new workspace.
"""

from campaign.config.addresses import WebAddress
from campaign.config.durations import Duration, duration, spoken
from campaign.config.faults import GUESSES, Origin, Section, alike, fault, nearest, validated
from campaign.config.load import load_settings
from campaign.config.references import SecretReference
from campaign.config.said import MAIL_MAX, ascii_domain, is_mail, named, naming, odd_sign, said, told
from campaign.config.settings import Settings
from campaign.config.starter import lay_out, starter_folder
from campaign.config.workspace import CONFIG_NAME, find_workspace

__all__ = [
    "CONFIG_NAME",
    "GUESSES",
    "MAIL_MAX",
    "Duration",
    "Origin",
    "SecretReference",
    "Section",
    "Settings",
    "WebAddress",
    "alike",
    "ascii_domain",
    "duration",
    "fault",
    "find_workspace",
    "is_mail",
    "lay_out",
    "load_settings",
    "named",
    "naming",
    "nearest",
    "odd_sign",
    "said",
    "spoken",
    "starter_folder",
    "told",
    "validated",
]
