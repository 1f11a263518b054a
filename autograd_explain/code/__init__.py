"""A recorded run as text of another library: the pieces that scripts and the checkers by other libraries share."""
