"""The recipe of the reader: question sets to weights. Not part of the installed package."""
