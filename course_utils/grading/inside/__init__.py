"""The two files that lie inside the sandbox; they import nothing of the course."""
