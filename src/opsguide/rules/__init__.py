"""Findings over several kinds, one file a rule."""
