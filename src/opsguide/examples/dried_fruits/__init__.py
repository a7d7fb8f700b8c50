"""The dried-fruits system: a small shop on PostgreSQL and Redis, where they are installed."""
