"""Every operation, by subject: the rule of one output cell. Its line on paper, its value in every number system, its
rule in run.json and its ONNX graph follow from that rule.

To add one, write the rule as a function, and decorate it with the signature, which gives the shapes as in einsum, and
with an example that a person can check. A rule reads its operands through `a[i, k]`, `a.rows` and `a.cols` only, so
that it also works at symbolic indices, where it gives the general formula. Its `backward` says for each operand what
a gradient becomes on its way back to it, as operations of the same kind, or why there is no way.
"""

from byhand.ops import attention, chance, gradients, linear, norms, positions, shapes
from byhand.tape import ACTIVATIONS

__all__ = ["ACTIVATIONS", "attention", "chance", "gradients", "linear", "norms", "positions", "shapes"]
