"""IEEE float64: the numbers of other programs, for published models and for comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence

from byhand.arithmetic.domain import Domain, LeavesDomainError, NotRealError, Real, first_largest, shown
from byhand.arithmetic.expr import NEG_INF, Scalar


class Floats(Domain):
    """IEEE float64, and −∞; no other infinity and no NaN."""

    name = "float"

    def num(self, value: Scalar) -> float:
        if isinstance(value, Real):
            return float(value.within(self))
        if value == NEG_INF:
            return NEG_INF
        try:
            return self.checked(float(value))
        except OverflowError:
            return self.checked(math.inf)

    def checked(self, value: float) -> float:
        if not math.isfinite(value):
            raise LeavesDomainError("the value is too large for float64")
        return value

    def function(self, name: str, args: Sequence[Scalar]) -> Scalar:
        match name, *args:
            case "pow", base, exponent:
                return self._power(base, exponent)
            case "sqrt", x:
                if x < 0:
                    raise NotRealError(f"√({shown(x)}) is not a real number")
                return math.sqrt(x)
            case "log", base, x:
                if x <= 0:
                    raise NotRealError(f"log({shown(x)}) is not a real number")
                return math.log2(x) if base == 2 else math.log(x) / math.log(base)
            case "max", _, *_:
                return max(args)
            case "argmax", _, *_:
                return float(first_largest(args))
            case "sin", x:
                return math.sin(x)
            case "cos", x:
                return math.cos(x)
            case "sinpi", x:
                return math.sin(math.pi * x)
            case "cospi", x:
                return math.cos(math.pi * x)
            case "gelu", x:
                return x * math.erfc(-x / math.sqrt(2)) / 2
            case "erf", x:
                return math.erf(x)
            case ("e",):
                return math.e
            case ("pi",):
                return math.pi
            case _:
                raise TypeError(f"no function {name!r} of {len(args)} arguments")

    def _power(self, base: float, exponent: float) -> float:
        if base < 0 and not exponent.is_integer():
            raise NotRealError(f"{shown(base)}^({shown(exponent)}) is not a real number")
        try:
            result: float = base**exponent
        except OverflowError:
            result = math.inf
        return self.checked(result)


FLOATS = Floats()
