"""The engine: operations as rows, the tape they leave, and the symbols that read the same rules as text."""
