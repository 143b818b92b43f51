"""A40: after every kind of ending, in random order, the links that work are exactly the links listed as live."""

import random
from datetime import timedelta
from typing import Any

from tests.api.conftest import Api
from tests.stages import Stages
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.release import Release
from transfer_service.sealing.tokens import token_hash

SEED = 20260512
STEPS = 80
LOOK_EVERY = 8
PASSCODE = "correct horse"


class Census:
    """Two released packets, the links that were issued for them, and chance."""

    def __init__(self, api: Api, seed: int) -> None:
        self.api, self.stages, self.chance = api, api.stages, random.Random(seed)
        self.releases = [signed_release(self.stages) for _ in range(2)]
        self.secrets: dict[str, str] = {}
        self.steps = {
            self.issue: 8,
            self.revoke: 2,
            self.redeem: 3,
            self.lock: 1,
            self.let_time_pass: 2,
            self.withdraw: 0.3,
            self.retire: 0.3,
        }

    def step(self) -> None:
        (act,) = self.chance.choices(list(self.steps), list(self.steps.values()))
        act()

    def issue(self) -> None:
        release = self.chance.choice(self.releases)
        body = {
            "release_id": str(release.id),
            "recipient_id": str(self.stages.recipient.id),
            "expires_at": rfc3339(self.stages.now + timedelta(hours=self.chance.randint(1, 30))),
            "verification": "passcode",
            "passcode": PASSCODE,
            "max_redemptions": self.chance.choice([1, 2, 5]),
        }
        answer = self.api.coordinator.post(f"/packets/{release.packet_id}/links", body)
        if answer.status_code == 201:
            self.secrets[answer.get_json()["id"]] = answer.get_json()["url"].partition("#")[2]

    def revoke(self) -> None:
        for link_id, _ in self.some_link():
            self.api.coordinator.post(f"/links/{link_id}/revoke")

    def redeem(self) -> None:
        for _, secret in self.some_link():
            challenge = self.api.anyone.post("/redeem/challenge", {"secret": secret})
            if challenge.status_code == 200:
                body = {"secret": secret, "challenge_id": challenge.get_json()["challenge_id"], "passcode": PASSCODE}
                assert self.api.anyone.post("/redeem", body).status_code == 200

    def lock(self) -> None:
        for _, secret in self.some_link():
            which = token_hash(secret).hex()
            self.stages.execute(f"UPDATE links SET wrong_answers = 20 WHERE secret_hash = x'{which}'")

    def let_time_pass(self) -> None:
        self.stages.clock.advance(timedelta(hours=self.chance.randint(1, 8)))

    def withdraw(self) -> None:
        self.api.coordinator.post(f"/releases/{self.chance.choice(self.releases).id}/withdraw")

    def retire(self) -> None:
        self.api.coordinator.post(f"/packets/{self.chance.choice(self.releases).packet_id}/retire")

    def some_link(self) -> list[tuple[str, str]]:
        return self.chance.choices(list(self.secrets.items())) if self.secrets else []

    def listed(self) -> list[dict[str, Any]]:
        pages = [self.api.coordinator.get(f"/packets/{release.packet_id}/links") for release in self.releases]
        return [link for page in pages for link in page.get_json()["items"]]

    def working(self) -> set[str]:
        return {
            link_id
            for link_id, secret in self.secrets.items()
            if self.api.anyone.post("/redeem/challenge", {"secret": secret}).status_code == 200
        }


def signed_release(stages: Stages) -> Release:
    release = stages.signed().release
    assert release is not None
    return release


def test_the_links_that_work_are_exactly_the_links_listed_as_live(api: Api) -> None:
    census, seen = Census(api, SEED), set()
    for step in range(STEPS):
        census.step()
        if step % LOOK_EVERY == LOOK_EVERY - 1:
            listed = census.listed()
            assert {link["id"] for link in listed} == set(census.secrets)
            assert census.working() == {link["id"] for link in listed if link["state"] == "live"}
            seen |= {link["state"] for link in listed}
    assert seen >= {"live", "revoked", "expired", "used_up", "locked"}
