"""Transformers on the tape: config, weights, layers and models. The names are TransformerLens's."""

from byhand.model import models
from byhand.model.registry import MODELS, Model, unread

__all__ = ["MODELS", "Model", "models", "unread"]
