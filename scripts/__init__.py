"""Thin tools of the checkout: the quickstart's journey and its demonstration files. Nothing here is installed."""
