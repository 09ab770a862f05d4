"""New numbers of exactly the same difficulty: the given numbers of a run, moved by a symmetry of the run.

A symmetry moves the given numbers to other places and changes signs, so that every step of the run keeps its numbers,
up to their places and signs. No table says which places may change: `axes.symmetries` derives it from the operations
of the run. `renaming.renamed` draws one of the symmetries and moves the numbers.

What may change places:

- The places of an **axis**: the rows or the columns of a step, and of all steps that an operation ties to it by a
  letter. In "ik,kj->ij", the columns of the first operand and the rows of the second are one axis. Its places may be
  permuted if every operation on it is uniform in that letter; each operation says so (`by_place`), and a test proves
  it. Masks, sinusoids and argmax hold an axis fast; sums, means, norms and softmax do not.
- Places that are **looked up**. An operation that looks places up by a list, such as each token's row of a table,
  ties two axes: the places that are looked up move along with those that look them up. If one of these axes is held
  fast, so is the other.
- **Operands that are computed alike**, such as heads, as wholes. Their sum stays the same; where they are stacked
  side by side, the axis along which they are stacked moves with them. Each operand has axes of its own.
- The places of an axis **within** another one, if no operation compares them across the places of the other: softmax
  reads each row separately, so every row may have another permutation.
- Single numbers that meet the same constant, where steps tell places apart only by a **constant table**, such as the
  sines that are added to embeddings.

What may change sign: the numbers at one place of an axis, if every step then either changes its sign there as a whole
or stays the same. This follows from the trees of the rules (`signs`): a product of two numbers that change stays the
same, and so does a square; a sum changes if all its terms do; any other function must not see a change.

Three things hold an axis fast that no operation can tell:

- Tokens that attend to tokens: where a step has an axis of tokens on both sides, as a pattern has, they keep their
  order. A page there is about who attends to whom, and a run promises something of the last row.
- Givens that are no numbers of the network but say how it is built or used, such as sizes, counts, distances and
  temperatures. A model declares them where it reads them (`Builder.size`, `count` and `number`, and `fixed` of
  `matrix`). They keep their signs, too, and so does what is counted with them.
- The sheet: a text that speaks of a place, such as a lost number or the model that a column stands for, needs the
  same numbers there in every copy. It says so in its front matter (`in_place`). Signs may still change.

Which givens are sizes, counts or other figures, and so are the same in every copy, a model says where it reads them:
`build.size("n_heads")`, `build.count("gpus", 8)`, `build.number("seconds", 1)`, `build.matrix(…, fixed=True)`. What
only a text knows, such as which number is lost, is an `in_place` in the sheet's front matter.
"""
