"""The command line. Only this package knows click, and nothing it imports up front is heavier than click."""
