"""Trying out a model from the console: a call by a key that somebody picks, recorded like any other."""
