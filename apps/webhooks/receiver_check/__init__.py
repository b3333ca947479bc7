"""Is a receiver ready for what it will get? It is tried, and graded."""
