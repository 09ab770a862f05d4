"""Documents as bytes, one file per format."""
