"""What at least two chapters of the course use; one subject a file."""
