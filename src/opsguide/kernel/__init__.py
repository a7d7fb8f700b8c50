"""Puts the others together: plan, due, run, step, deliver."""
