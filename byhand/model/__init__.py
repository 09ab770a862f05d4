"""Transformers on the tape: config, weights, layers and models. The names are TransformerLens's."""
