"""What things are and what may happen to them: frozen dataclasses, and functions of (object, now).

Standard library only. Nothing in this room reads a clock, a database or a network.
"""
