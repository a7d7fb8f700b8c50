"""Adapters: the only place that opens sockets, processes and files."""
