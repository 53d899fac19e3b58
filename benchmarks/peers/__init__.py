"""What people would use instead, each in as few lines as its own documentation takes."""
