"""New numbers of the very same difficulty: a run's given numbers, moved by a symmetry of the run.

A symmetry moves the given numbers to other places, and changes signs, so that every step of the run keeps its
numbers, up to their places and signs. Which places may change is written down nowhere: `axes.symmetries` derives it
from the operations of the run. `renaming.renamed` draws one of the symmetries and moves the numbers.

What may change places:

- An **axis** is the rows or the columns of a step, and of all steps that an operation ties to it by a letter: in
  "ik,kj->ij", the columns of the first operand and the rows of the second are one axis. Its places may come in any
  order if every operation on it is uniform in that letter, which each operation says (`by_place`) and a test proves.
  Masks, sinusoids and argmax hold an axis fast; sums, means, norms and softmax do not.
- An operation that **looks places up** by a list, as each token's row of a table, ties two axes: the places that are
  looked up move along with those that they are looked up for. If either axis is held fast, so is the other.
- **Operands that are made alike** may change places as wholes, as heads do. Their sum stays; where they are stacked
  side by side, the axis along them moves as they do. Each of them has axes of its own.
- An axis that every step has **within** another one has an order of its own for each place of that: softmax reads no
  row but its own.
- Where no step compares places but with those of a **constant table**, such as sines that are added, the numbers that
  meet the same constant may be exchanged one by one.

What may change sign: an axis whose given numbers all change theirs at one place, if every step then either changes
sign there as a whole, or does not change. This follows from the trees of the rules (`signs`): a product of two
numbers that change stays as it is, and so does a square; a sum changes if all its terms do; any other function must
not see a change.

Two things hold an axis fast that no operation can tell:

- Tokens that look at tokens: where a step has an axis of tokens on both sides, as a pattern has, they keep their
  order. Who looks at whom is what a page is about there, and what a run promises of its last row.
- The sheet: a text that speaks of a place, as of a lost number or of the model that a column stands for, needs the
  same numbers there on every copy. It says so in its front matter (`in_place`). Signs may change.
"""
