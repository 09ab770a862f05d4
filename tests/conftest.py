"""What all the tests share. Standing here, it also lets every folder import `oracle` and `trees`."""
