"""The page of the console that explains a bill: what a month has cost, by project and model."""
