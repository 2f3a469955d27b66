"""What the page of one record shows, as values: everything but their looks."""
