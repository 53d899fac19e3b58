"""Each kind of file that is read, in a file of its own: its bytes go in, an `Extract` comes out."""
