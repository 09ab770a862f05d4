"""A number system for gradients: fractions, with a fraction in the place of each ln b."""

from byhand.arithmetic.exact import Rationals


class Logarithms(Rationals):
    """Fractions in which ln b, of every b, is some fraction, as if it were a letter."""

    def __init__(self, ln):
        self.ln = ln

    def function(self, name, args):
        match name, *args:
            case ("e",):
                return "e"
            case "log", "e", _:
                return self.ln
        return super().function(name, args)
