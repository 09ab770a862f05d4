"""Numbers worth computing by hand, and the wrong ways that they must tell apart."""
