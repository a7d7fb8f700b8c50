"""The nouns and the ports; imports nothing of ours."""
