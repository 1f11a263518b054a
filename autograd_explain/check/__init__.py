"""Independent answers to the question whether a gradient is right. SymPy and mpmath are loaded only when asked."""
