"""Two ways of asking, tried on recorded requests: their cost and time, and whether their answers pass."""
