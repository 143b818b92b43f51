"""A scene with everybody in it who might try: neighbours, strangers, another patient, recipients whose time is over."""

from copy import copy
from datetime import timedelta

from tests.api.conftest import Api
from tests.api.scenes import Scene
from tests.stages import Stage
from transfer_service.domain.people import Role


class Crowd(Scene):
    """Every role of the table has its caller, and each of the ended recipients had been let in before."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        expired = self._also_let_in(expires_at=self.stages.now + timedelta(hours=1))
        self.stages.clock.advance(timedelta(hours=2))
        self.callers["patient"] = api.patient(self.stage)  # thirty minutes are over
        elsewhere = self.stages.enrolled("St. Nowhere").pathology
        self.callers |= {
            "neighbour": api.neighbour(),
            "other_depositor": api.staff(elsewhere, Role.DEPOSITOR),
            "other_officer": api.staff(elsewhere, Role.PRIVACY_OFFICER),
            "other_service": api.service_of(self.stages.enrolled("St. Farther")),
            "other_patient": api.patient(self.stages.released()),
            "link_expired": api.recipient(expired),
            "link_revoked": api.recipient(self._revoked()),
            "release_withdrawn": api.recipient(self._withdrawn()),
        }

    def _also_let_in(self, **changes: object) -> Stage:
        """Another link under the very release that is live."""
        return self.stages.redeemed(of=self.stages.linked(of=copy(self.stage), **changes))

    def _revoked(self) -> Stage:
        stage = self._also_let_in()
        assert stage.link is not None
        self.stages.journey.issue.revoke(self.stages.coordinator, stage.link.id, self.stages.now)
        return stage

    def _withdrawn(self) -> Stage:
        """Of the same packet, under a release of its own."""
        again = self.stages.in_session(of=self.stages.released(of=copy(self.stage)))
        stage = self.stages.redeemed(of=self.stages.linked(of=self.stages.signed(of=again)))
        assert stage.release is not None
        self.stages.journey.releases.withdraw(self.stages.coordinator, stage.release.id, self.stages.now)
        return stage
