"""Trees (expr), and the number systems that give them a value: exact, floats, decimals, intervals and symbols.

systems finds one by its name; copies holds the values of many runs at once, in any of them. numpy, mpmath and sympy
are heavy, so a function that needs one of them imports it, or the file that does, by itself.
"""
