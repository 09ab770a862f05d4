"""The second witness: a plain reference of its own, which shares no code with arithmetic, ops and model."""
