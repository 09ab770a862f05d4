"""Trees (expr), and the number systems that give them a value: exact, floats, decimals, intervals and symbols.

copies holds the values of many runs at once, in any of these.
"""
