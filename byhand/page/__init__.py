"""What stands on a page, whatever writes it."""
