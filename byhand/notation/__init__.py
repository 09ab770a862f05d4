"""Trees and numbers as text: `number` reads and writes values, `write` folds a tree; each notation is a table."""
