"""One file a command; found by their file."""
