"""Seeing what was said: captures and text to messages."""
