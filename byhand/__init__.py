"""byhand: a tiny transformer as a lesson on paper."""

__version__ = "0.1.0"
