"""Training: update rules as data, and the loop that takes one step after another. Nothing here prints."""
