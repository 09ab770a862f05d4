"""Trees and numbers as text: number (values), write (the one fold), and a table for each notation."""
