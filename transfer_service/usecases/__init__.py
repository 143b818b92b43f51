"""The journey, one file a verb. Each use case loads, checks, decides, records, and takes effect, in that order.

``now`` is a parameter. Whoever calls is an Actor. Ports come in by the constructor.
"""
