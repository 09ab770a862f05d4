"""A sheet as questions for a learning platform: each step stands by itself, and names what went wrong."""
