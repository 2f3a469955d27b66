"""The first page of the console: how the relay does, and what is still to be set up."""
