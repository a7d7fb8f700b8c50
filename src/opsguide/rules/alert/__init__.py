"""Rules of this area: one file each, with its page beside it."""
