"""A printed file read back: the numbers that it shows, printed again from its givens and compared, and a verdict.

Everything is compared, worked lines, prose and margins too, but for the map. What a page is, it says in its metadata,
in words for machines: `<meta name="byhand">`, in a PDF the entry of that name. These words are not believed: the page
is printed again as they say, so one that says something else about itself does not compare. Only the minutes, the
seed and the student are taken as they are said, since no number depends on them.

HTML is read as its texts and tables, PDF as the texts drawn on it in the order of its structure; a PDF has the
letters of a line as they are drawn from left to right, so the reprint's are put in that order. A given that a student
is to find is first found from the printed results. Strips are broken where the page has them broken. A page of
somebody's own numbers says their forms, such as the sizes of its matrices (worksheet/forms.py), and is first printed
with every result 1, since no table depends on a result. No message is needed to read a page.

A page whose numbers are right is then held against its reprint in all else (look.py, drawing.py), so that no one sees
or hears what was not judged. HTML must have the reprint's elements, attributes, texts, styles and scripts, in the
tags and entities that byhand and browsers write (tokens.py), since readers differ in what they make of others. A PDF
must have the reprint's objects, and every reader must find the same objects in the file (packing.py). How a browser
writes HTML when it saves it, and how a program packs a PDF, makes no difference. A copy of a class is held against
the copy that the class prints again. What cannot be printed again here, such as a page of another version, is judged
by its numbers alone, and is never called right: the words of verdicts and their exit codes are one table
(verdict.py). What is read has limits, far above what a page of ours has.

What is filled in is read by forms.py, also of a file that another program has saved: it takes names and values, and
neither looks nor scripts. The mapping name (TM) of a field tells whether it was renamed.
"""
