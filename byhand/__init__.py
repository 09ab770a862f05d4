"""byhand: a tiny transformer as a lesson on paper."""
