"""Transformers on the tape: config, weights, layers and models. The names are TransformerLens's."""

from byhand.model import family, lessons, models, sizing
from byhand.model.registry import MODELS, Model, unread

__all__ = ["MODELS", "Model", "family", "lessons", "models", "sizing", "unread"]
