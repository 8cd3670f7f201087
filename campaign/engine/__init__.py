"""When and where to look: the engines. The tables say what is true; an engine only says *go and look*."""

from importlib.util import find_spec

from campaign.errors import ExtraMissing


def require_cluster() -> None:
    """Raise ExtraMissing where the extra ``cluster`` is not installed; before anything is imported that needs it."""
    if find_spec("pgqueuer") is None:
        raise ExtraMissing
