"""Names of organizations, departments, staff and programs, and whom to call: in one line that can be read."""

from transfer_service.errors import Invalid

MAX_NAME_CHARACTERS = 200
_ONE_LINE = f"A name has 1 to {MAX_NAME_CHARACTERS} printable characters, a contact at most so many, in one line."


def named(name: str) -> str:
    """The name of an organization, a department or a member of staff as it is kept; Invalid."""
    clean = one_line(name)
    if not clean:
        raise Invalid(_ONE_LINE)
    return clean


def one_line(text: str) -> str:
    """It stands in subjects of mails: a line break in it is a mistake, or somebody's attempt at another header."""
    clean = " ".join(text.split())
    if len(text.splitlines()) > 1 or len(clean) > MAX_NAME_CHARACTERS or not clean.isprintable():
        raise Invalid(_ONE_LINE)
    if "=?" in clean:  # what begins as an encoded word (RFC 2047) can't stand in a header
        raise Invalid("A name or contact can't hold =? one behind the other.")
    return clean
