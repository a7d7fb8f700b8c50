"""Simulated twins of the adapters, and the loop that jumps through time."""
