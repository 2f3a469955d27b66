"""Records as two earlier systems showed them: the same rows, filters and permissions in other shapes."""
