"""The words of the mails that the service sends. No PHI, and nothing that opens a packet but the link itself."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from transfer_service.domain.mail import Mail
from transfer_service.domain.moments import written_day
from transfer_service.domain.people import Department, Organization


def _mail(organization_id: UUID, to: str, subject: str, body: str, now: datetime) -> Mail:
    return Mail(uuid4(), organization_id, to, subject, body, made_at=now, due_at=now)


def asking_letter(
    to: str, url: str, organization: Organization, department: Department, until: datetime, now: datetime
) -> Mail:
    """The patient's letter: who asks, where to read and sign, until when, and who to call."""
    body = f"""Hello,

{department.name} at {organization.name} asks for your permission to release medical files.

To read what would be released, to whom and why, and to say yes or no, open this page:

{url}
{_how(until)}
You do not have to sign, and you can withdraw at any time on the same page.
{_call(department)}"""
    return _mail(organization.id, to, f"{organization.name} asks for your permission", body, now)


def another_letter(
    to: str, url: str, organization: Organization, department: Department, until: datetime, now: datetime
) -> Mail:
    """A letter in the place of a lost one, where there is nothing to sign (any more)."""
    body = f"""Hello,

This is a new letter about the release of medical files by {department.name} at {organization.name}. The letters that
you had before do not work any more.

To read the form, to see who has received the files, or to withdraw your permission, open this page:

{url}
{_how(until)}{_call(department)}"""
    return _mail(organization.id, to, f"Your letter from {organization.name}", body, now)


def code_letter(
    to: str, code: str, lives_for: timedelta, organization: Organization, department: Department, now: datetime
) -> Mail:
    """A code, and how long it lives."""
    minutes = int(lives_for.total_seconds() // 60)
    body = f"""Your code is {code}

It works once, for {minutes} minutes. Nobody from {organization.name} will ever ask you for it.
If you did not ask for a code, you need not do anything.
{_call(department)}"""
    return _mail(organization.id, to, "Your code", body, now)


def _how(until: datetime) -> str:
    return f"""
If the page asks for a code, paste everything that follows the # sign. You will also be asked for your date of
birth, and for a code that is sent to this address. The page can be used until {written_day(until)}.
"""


def _call(department: Department) -> str:
    return f"\nQuestions? {department.name}: {department.contact}\n" if department.contact else ""
