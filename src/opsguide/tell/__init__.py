"""Receivers: pure, one file each; found by their file."""
