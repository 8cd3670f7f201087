"""Money: written in US dollars in config.toml, counted in whole millionths of a dollar everywhere else."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator

from campaign.config.faults import fault

_MICROS = 1_000_000
_MOST = Decimal(1_000_000_000)


def micros(amount: Decimal) -> int:
    """Return an amount in dollars as millionths of a dollar; it has no finer part."""
    return int(amount * _MICROS)


def in_dollars(amount: int) -> Decimal:
    """Return millionths of a dollar as dollars, exactly."""
    return Decimal(amount) / _MICROS


def dollars(amount: int) -> str:
    """Write millionths of a dollar for people: at least two decimals, more where the amount has them."""
    whole, _, part = f"{in_dollars(amount):.6f}".partition(".")
    return f"${int(whole):,}.{part.rstrip('0').ljust(2, '0')}"


def _read(value: object) -> Decimal:
    mend = "Write dollars without a sign, such as 0.015 or 50"
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise fault("no amount of money", mend)
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise fault(f"{value!r} is no amount of money", mend) from error
    if not (amount.is_finite() and 0 <= amount <= _MOST and amount * _MICROS % 1 == 0):
        raise fault(f"{value!r} is negative, too large, or finer than a millionth of a dollar", mend)
    return amount


Money = Annotated[Decimal, BeforeValidator(_read)]
"""An amount in US dollars that a settings type reads from a number or from text."""
