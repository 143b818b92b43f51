"""For any WSGI server: settings from the environment, create_app, done."""

import os

from transfer_service.app import create_app
from transfer_service.settings import load_settings

app = create_app(load_settings(os.environ))
