"""Trees (expr), and the number systems that give them a value: exact, floats, decimals, intervals and symbols.

systems finds a number system by its name; derivative says what each cell in a tree gets of its gradient; copies
holds the values of many runs at once, in any number system. numpy, mpmath and sympy take long to import, so
a function that needs one of them imports it when it is called.
"""
