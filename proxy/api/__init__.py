"""Routing in the management API."""
