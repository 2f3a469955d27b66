"""How much, how well, how fast and how dear: answered from the sums beside the records (`rollups`)."""
