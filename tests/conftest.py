"""What all the tests share. Standing here, it also lets every folder import `oracle` and `trees`."""

from hypothesis import settings

settings.register_profile("byhand", deadline=None)  # a slow machine is no bug
settings.load_profile("byhand")
