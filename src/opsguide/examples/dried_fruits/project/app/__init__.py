"""What the guide's commands import inside the service `api`: the shop's tables and users, for a person at a prompt."""
