"""Marking: what students wrote, compared with what follows from what they had in front of them."""
