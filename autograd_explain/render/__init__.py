"""Views of an explanation. Each reads `Explanation` alone and hands text to its caller."""
