"""Techniques: each could be a library of its own. No claim, no I/O, no clock."""
