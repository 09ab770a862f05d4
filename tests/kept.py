"""What a renaming keeps: the numbers of every step of a run."""


def whole_run(model, values, domain):
    """A run with every step evaluated, also those for who asks; what only tells a place has no numbers of its own."""
    tape = model.run(values, domain)
    for name in [name for name, step in tape.steps.items() if not (step.op and step.op.tells)]:
        if name in tape.results or tape.steps[name].op or name in tape.numbers:
            tape.values(name)
    return tape


def numbers_by_step(tape, known):
    """The numbers of every step, sorted, without their signs where these may change; of steps that are made alike, of
    all of them together.
    """
    like = {
        name: first for alike in known.alike.values() for making in alike.makings for first, name in making.items()
    }
    found = {}
    for step in tape.used():
        signed = any(known.axes[step.name, side] in known.signed for side in (0, 1))
        numbers = sorted(abs(x) if signed else x for row in tape.values(step.name) for x in row)
        found.setdefault(like.get(step.name, step.name), []).append(numbers)
    return {name: sorted(each) for name, each in found.items()}
