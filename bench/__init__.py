"""Measures the relay side by side with the bare provider and a bare Daphne: `python -m bench`."""
