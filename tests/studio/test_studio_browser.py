"""The whole way of a lecturer in Chromium: by mouse, on a phone by touch, and by keys alone."""

from __future__ import annotations

from ways import by_keys, by_pointer, students


def test_a_class_of_thirty_is_put_together_and_downloaded(opened, studio, size, every):
    by_pointer(opened(size), studio, students(every))


def test_all_of_it_is_done_by_keys_and_the_focus_is_always_seen(opened, studio):
    by_keys(opened(), studio)
