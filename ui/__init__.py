"""People: the command line and the web chat. Imports `qa` and `index`."""
