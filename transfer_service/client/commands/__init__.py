"""One module a command of `packet`; what they share is in told.py. Each is a thin layer over a function of the room."""
