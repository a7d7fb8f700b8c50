"""Small real systems, each with its guide."""
