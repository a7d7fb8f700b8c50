"""Kinds of claims: one folder each; found by their folder."""
