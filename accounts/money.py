"""Roubles as Decimal: rounded once to the kopeck, split without loss."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext

KOPECK = Decimal("0.01")
ZERO = Decimal("0.00")
PRECISION = 60  # digits: a product of three stored numbers never loses one


def kopecks(amount: Decimal) -> Decimal:
    """Roubles rounded to the kopeck, half away from zero. The custom of the trade; no act prescribes it."""
    with localcontext(prec=PRECISION):
        return amount.quantize(KOPECK, rounding=ROUND_HALF_UP)


def written(amount: Decimal) -> str:
    """«20 189 703,45» with narrow no-break spaces, as people read it."""
    return f"{amount:,.2f}".replace(",", "\u202f").replace(".", ",")


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Sum of roubles; 0.00 of nothing."""
    return sum(amounts, ZERO)


def split(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Parts of `amount` (roubles, whole kopecks, any sign) in proportion to `weights`, which are >= 0 and not all zero.

    Σ parts = amount. Odd kopecks go to the largest remainders (метод наибольшего остатка); ties go to the earlier
    weight, so the caller's order (service priority, then id) decides. Raises ValueError on weights that cannot
    share anything and on an amount with a fraction of a kopeck.
    """
    if amount != kopecks(amount):
        raise ValueError(f"{amount} is not a whole number of kopecks")
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("weights must be non-negative and at least one")
    with localcontext(prec=PRECISION):
        whole = sum(weights, Decimal(0))
        if whole == 0:
            raise ValueError("all weights are zero")
        sign = -1 if amount < 0 else 1
        units = int(abs(amount) / KOPECK)
        exact = [(weight * units, weight) for weight in weights]
        floors = [int((product / whole).to_integral_value(rounding=ROUND_DOWN)) for product, _ in exact]
        # A quotient rounded at the 60th digit may land on the next integer: the remainder below decides, exactly.
        floors = [
            floor - 1 if floor * whole > product else floor for floor, (product, _) in zip(floors, exact, strict=True)
        ]
        remainders = [product - floor * whole for floor, (product, _) in zip(floors, exact, strict=True)]
        odd = units - sum(floors)
        order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
        for i in order[:odd]:
            floors[i] += 1
        return [sign * floor * KOPECK for floor in floors]
