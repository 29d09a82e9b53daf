"""How a number is written whose digits nobody declared."""

EXACT = 1e15  # up to here a double tells whole numbers apart, and prints as them


def general(x: float, significant: int = 4, sign: str = "") -> str:
    """`x` to so many significant digits, and to every digit before the point; `1.115e-15` if very small.

    Args:
        sign: `+` to print it of positive numbers too.
    """
    large = 10 ** (significant - 1) <= abs(x) < EXACT
    return format(x, f"{sign}z,.0f" if large else f"{sign}z,.{significant}g")  # z: no minus before zero
