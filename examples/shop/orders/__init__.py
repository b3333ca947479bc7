"""Orders, and telling of them."""
