"""Every operation: the rule of one output cell, by subject. Nothing else in byhand knows what an operation is.

To add one: a decorator with an example that a person can check, a def, and the rule. The signature gives the shapes
as in einsum; operands are only ever read through `a[i, k]` and `a.cols`, so that the same rule gives the tree of a
cell, its value in any number system, and, at symbolic indices, the general formula.
"""

from byhand.ops import attention, linear, norms, positions, shapes

__all__ = ["attention", "linear", "norms", "positions", "shapes"]
