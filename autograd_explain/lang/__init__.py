"""The language: text becomes a checked tree, and the tree becomes recorded operations."""
