"""``python -m transfer_service.cli``."""

from transfer_service.cli import main

main()
