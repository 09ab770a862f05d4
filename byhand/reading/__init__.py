"""A printed file read back: the numbers that it shows, printed again from its givens and compared, and a verdict."""
