"""What the forms of staff have in common."""

from uuid import UUID, uuid4

from transfer_service.pages.fields import typed


def form_number() -> UUID:
    """This form's own, from the first time that it is shown: sent twice, it makes one thing."""
    try:
        return UUID(typed("form_id"))
    except ValueError:
        return uuid4()
