"""A worksheet as a spreadsheet (XlsxWriter): the page, its key and a check, all computed anew when a number changes.

worksheet   the page: blanks and the numbers that can be changed are unlocked
key         the same page with a formula in each blank; hidden, but not kept secret
check       a row for each blank: what is written, what follows from the student's own numbers, the verdict, the mark
byhand      what the program that marks needs: where each blank is, and which sheet and numbers these are

Without feedback, or in letters, there is no check; without feedback, no key either, and no formula.
"""
