"""What stands on a page, whatever writes it: a document and its run are lowered once into a Page (page.py).

Parts stand in reading order (parts.py); each is asked with the view for what it shows. Everything that is not prose
has a known size in millimetres, so figures are placed on grids and never flow: the key breaks where the worksheet
breaks, and both papers break alike.

data.py says as JSON what page.json, the script of a page on a screen and a notebook need: the rules of the steps, and
what stands in front of the reader of each section. page.schema.json describes it.

In print, the press takes a page as HTML with its figures beside it, as values (printed.py): tables (table.py), what
stands beside these (beside.py), and drawings. HTML is written of the same values.

A section knows what its reader has in front of them: for each place of the run a printed cell, or a blank, the
reader's own result or a copy. reader.py alone reads that; marking, spreadsheets, questions and notebooks ask it where
a number is found, what follows from what somebody wrote, and what a mistake makes of a cell. A blank's id, such as
`5/ask/blocks.0.attn.scores_raw[0]/1,2`, is the same in every orientation.
"""
