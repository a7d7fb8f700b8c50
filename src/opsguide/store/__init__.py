"""Storage backends: state, series."""
