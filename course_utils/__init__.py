"""What at least two chapters of the course use: data, metrics, models, training, claims, figures; one subject a file."""
