"""The use cases together, as the API, the pages and the worker are given them."""

from dataclasses import dataclass

from transfer_service.usecases.account import Account
from transfer_service.usecases.announce import Announce
from transfer_service.usecases.answer import Answers
from transfer_service.usecases.archive import Archives
from transfer_service.usecases.ask import Asking
from transfer_service.usecases.audit_log import AuditLog
from transfer_service.usecases.carry import Carry
from transfer_service.usecases.close import Close
from transfer_service.usecases.contact import Contacts
from transfer_service.usecases.copies import Copies
from transfer_service.usecases.deliver import Deliver
from transfer_service.usecases.departments import Departments
from transfer_service.usecases.deposit import Deposit
from transfer_service.usecases.describe import Describe
from transfer_service.usecases.enrol import Enrol
from transfer_service.usecases.form_templates import FormTemplates
from transfer_service.usecases.issue import Issue
from transfer_service.usecases.members import Members
from transfer_service.usecases.mend import Mend
from transfer_service.usecases.notify import Notify
from transfer_service.usecases.opinions import Opinions
from transfer_service.usecases.overview import Overview
from transfer_service.usecases.paper import Papers
from transfer_service.usecases.patient import Patients
from transfer_service.usecases.receive import Receive
from transfer_service.usecases.recipients import Recipients
from transfer_service.usecases.redeem import Redeem
from transfer_service.usecases.release import Releases
from transfer_service.usecases.remind import Remind
from transfer_service.usecases.report import Reports
from transfer_service.usecases.retire import Retire
from transfer_service.usecases.services import Services
from transfer_service.usecases.shown import Shown
from transfer_service.usecases.slide_requests import SlideRequests
from transfer_service.usecases.staff_tokens import StaffTokens
from transfer_service.usecases.successor import Successors
from transfer_service.usecases.tell import Tell
from transfer_service.usecases.tickets import Tickets
from transfer_service.usecases.verify import Verify
from transfer_service.usecases.webhooks import Webhooks


@dataclass(frozen=True)
class Journey:
    """Every use case, joined to its ports."""

    enrol: Enrol
    members: Members
    departments: Departments
    shown: Shown
    staff_tokens: StaffTokens
    recipients: Recipients
    deposit: Deposit
    contacts: Contacts
    describe: Describe
    receive: Receive
    verify: Verify
    close: Close
    successors: Successors
    carry: Carry
    releases: Releases
    papers: Papers
    copies: Copies
    patients: Patients
    issue: Issue
    redeem: Redeem
    services: Services
    deliver: Deliver
    archives: Archives
    tickets: Tickets
    templates: FormTemplates
    account: Account
    audit_log: AuditLog
    reports: Reports
    tell: Tell
    retire: Retire
    notify: Notify
    webhooks: Webhooks
    announce: Announce
    asking: Asking
    slide_requests: SlideRequests
    answers: Answers
    opinions: Opinions
    remind: Remind
    overview: Overview
    mend: Mend
