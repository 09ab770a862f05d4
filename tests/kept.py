"""What a renaming keeps: the numbers of every step of a run."""


def whole_run(model, values, domain):
    """A run with every step evaluated, also those for who asks; what only tells a place has no numbers of its own."""
    tape = model.run(values, domain)
    needed = {step.name for step in tape.used()}
    unasked = {"loss_per_token", "loss"} - needed  # seldom rational
    for name in [name for name, step in tape.steps.items() if not (step.op and step.op.tells)]:
        if name in unasked:
            continue
        if name in tape.results or tape.steps[name].op or name in tape.numbers:
            tape.values(name)
    return tape


def numbers_by_step(tape, known):
    """The numbers of every step, sorted, without their signs where these may change. Steps by which operands that are
    alike are computed, such as heads, are together under the name of the first operand's step.
    """
    alike_to = {
        name: first
        for alike in known.alike.values()
        for computation in alike.computations
        for first, name in computation.items()
    }
    found = {}
    for step in tape.used():
        signed = any(known.axes[step.name, side] in known.signed for side in (0, 1))
        numbers = sorted(abs(x) if signed else x for row in tape.values(step.name) for x in row)
        found.setdefault(alike_to.get(step.name, step.name), []).append(numbers)
    return {name: sorted(lists) for name, lists in found.items()}
