"""Asking again: a recorded request, as it was or changed, through the lane of this process."""
