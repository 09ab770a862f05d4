"""Build the fonts into this package, for a checkout."""

from byhand.fonts import bring

bring()
