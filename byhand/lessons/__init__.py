"""Lessons: what only one sheet needs beside its text, in one file of the sheet's name.

A lesson has what its sheet has of its own: its model's steps (`@model`), the same once more for the witness
(`@wiring`), which uses `byhand.witness` only; numbers for a seed (`@draw`, `@search`, `@drawn`) and what is promised
of them (`@sheet_promise`); its classic mistakes (`@mistake`) and its picture (`@picture`). What several lessons share
stands in the rooms below. byhand/loading.py reads a lesson when its sheet or its model is asked for.
"""
