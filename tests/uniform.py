"""Whether an operation treats the places of a letter alike: its rule, before and after they change their order."""

from itertools import permutations

from judged import step_of

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Fn, Mul, Ref, Sum, changed, rebuild


def in_order(node):
    """A tree with its sums and products, and what it takes the largest of, in one order."""
    node = changed(node, in_order)
    match node:
        case Sum(terms):
            return Sum(tuple(sorted(terms, key=repr)))
        case Mul(left, right):
            factors = [*(left.args if isinstance(left, Fn) and left.name == "product" else (left,)), right]
            return Fn("product", tuple(sorted(factors, key=repr)))
        case Fn("max", args):
            return Fn("max", tuple(sorted(args, key=repr)))
    return node


def moved(value, spoken, letter, order):
    """A param that speaks of places, "i->k", after those of one of its letters changed their order."""
    own, named = spoken.split("->")
    if not own:
        return order.index(value) if named == letter else value
    places = order if own[0] == letter else range(len(value))
    return tuple(moved(value[place], f"{own[1:]}->{named}", letter, order) for place in places)


def is_uniform(op, letter, example, order):
    """Whether an operation gives the same trees in another order when its operands come in another order.

    order: the old place from which each new place of a letter is filled.
    """
    old = step_of(op, example, RATIONALS)
    matrices = [old.tape[name] for name in old.step.inputs]
    if letter == "…":
        matrices = [matrices[place] for place in order]
    params = {k: moved(v, op.places[k], letter, order) if k in op.places else v for k, v in example.params.items()}
    operands, result = op.letters(len(example.operands))
    letters = dict(zip(old.step.inputs, operands, strict=True))

    def at(pair, places):
        return tuple(order[place] if mine == letter else place for mine, place in zip(pair, places, strict=True))

    def from_old(leaf):
        return Ref(leaf.matrix, at(letters[leaf.matrix], leaf.index)) if isinstance(leaf, Ref) else leaf

    return all(
        in_order(rebuild(op.rule(*matrices, i=i, j=j, **params), from_old))
        == in_order(old.tape.cell("y", *at(result, (i, j))))
        for i in range(old.rows)
        for j in range(old.cols)
    )


def orders_of(op, letter):
    """The examples of an operation in which a letter has several places, and every order of these places."""
    for case in (op.example, *op.edges):
        step, sizes = step_of(op, case, RATIONALS).step, {**case.sizes, "…": len(case.operands)}
        operands, result = op.letters(len(case.operands))
        for pair, rows in zip(operands, case.operands, strict=True):
            sizes |= dict(zip(pair, (len(rows), len(rows[0])), strict=True))
        sizes |= dict(zip(result, step.shape, strict=True))
        yield from ((case, order) for order in permutations(range(sizes[letter])) if sizes[letter] > 1)
