"""One module for each family of endpoints: a call in, an answer out."""
