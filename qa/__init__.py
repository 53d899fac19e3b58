"""Answers to questions, made of the article's own sentences. Imports `index` alone of ours."""
