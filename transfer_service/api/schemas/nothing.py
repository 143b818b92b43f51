"""A body that says nothing."""

from marshmallow import Schema


class NothingSchema(Schema):
    """``{}``, or no body at all."""
