"""Joining the pages to a Flask app."""

from datetime import timedelta

from flask import Blueprint, Flask

from transfer_service.pages import explanations, files_page, story
from transfer_service.pages.ask import asking
from transfer_service.pages.front import front
from transfer_service.pages.language import register_language, words
from transfer_service.pages.patients import patients
from transfer_service.pages.protection import register_protection
from transfer_service.pages.recipients import recipients
from transfer_service.pages.slide_requests import slide_requests
from transfer_service.pages.staff.account import account
from transfer_service.pages.staff.accounting import accounting
from transfer_service.pages.staff.audit import audit
from transfer_service.pages.staff.enrol import enrol
from transfer_service.pages.staff.home import home
from transfer_service.pages.staff.links import links
from transfer_service.pages.staff.opinions import opinions, packet_opinions
from transfer_service.pages.staff.packet import packet_pages
from transfer_service.pages.staff.packets import packets
from transfer_service.pages.staff.paper import paper
from transfer_service.pages.staff.recipients import recipients as directory
from transfer_service.pages.staff.releases import releases
from transfer_service.pages.staff.requests import requests
from transfer_service.pages.staff.settings.departments import departments
from transfer_service.pages.staff.settings.members import members
from transfer_service.pages.staff.settings.rooms import start_of_settings
from transfer_service.pages.staff.settings.shown import shown
from transfer_service.pages.staff.settings.templates import form_templates
from transfer_service.pages.staff.settings.tokens import tokens
from transfer_service.pages.staff.sign_in import sign_in
from transfer_service.pages.staff.timeline import timeline
from transfer_service.pages.tickets import tickets
from transfer_service.wording.kinds import counted

_PUBLIC = (front, patients, recipients, asking, slide_requests, tickets)
_STAFF = (
    sign_in,
    enrol,
    account,
    home,
    packets,
    packet_pages,
    releases,
    links,
    paper,
    directory,
    timeline,
    requests,
    opinions,
    packet_opinions,
    accounting,
    audit,
    start_of_settings,
    members,
    tokens,
    departments,
    shown,
    form_templates,
)

_SESSION = {
    "SESSION_COOKIE_NAME": "__Host-session",  # RFC 6265bis section 4.1.3.2: this host's alone; loopback takes it too
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Strict",
    "SESSION_COOKIE_PATH": "/",
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_REFRESH_EACH_REQUEST": False,
    # The cookie ends with the browser; should a browser never end, with the longest token that can be in it.
    "PERMANENT_SESSION_LIFETIME": timedelta(hours=24),
}


def register_pages(app: Flask) -> None:
    """Give ``app`` the pages. It needs its service, and a ``SECRET_KEY`` before its first request."""
    app.config.update(_SESSION)
    register_protection(app)
    register_language(app)
    app.jinja_env.filters.update(
        refusal=explanations.refusal,
        told=story.told,
        progress=files_page.progress_said,
        kinds=lambda files: counted(files, words()),
    )
    app.jinja_env.globals.update(pieces_of_form=explanations.pieces_of_form)
    app.register_blueprint(
        Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
    )
    for blueprint in (*_PUBLIC, *_STAFF):
        app.register_blueprint(blueprint)
