"""A40: after every kind of ending, in random order, the links that work are exactly the links listed as live.

And a ticket works under no other, but for those that nobody new is let in by."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Api, Caller
from tests.stages import PUBLIC_URL, Stages
from transfer_service.domain.link import LinkState
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.release import Release
from transfer_service.sealing import tokens
from transfer_service.sealing.tokens import token_hash

LOOKS = 10  # at every link that ever was, however many steps there are
GLANCE_EVERY = 10  # at what can still be issued under: a locked link or a used one expires soon
MOST_OPEN = 2
#: Those who are in already are not let in again, and may go on.
LETS_LEAVE = {"live", "locked", "used_up", "recipient_changed"}
PASSCODE = "correct horse"


@pytest.fixture(autouse=True)
def _cheap_passcodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a passcode's hash costs is proved where it is made."""
    monkeypatch.setattr(tokens, "_SCRYPT_N", 2)
    monkeypatch.setattr(tokens, "_SCRYPT_P", 1)


class Census:
    """Released packets, the links that were issued for them, and chance. What ends is followed by another."""

    def __init__(self, api: Api, seed: int) -> None:
        self.api, self.stages, self.chance = api, api.stages, random.Random(seed)
        self.releases: list[Release] = []
        self.packets: set[UUID] = set()
        self.begin_again()
        self.secrets: dict[str, str] = {}
        self.tickets: dict[str, str] = {}
        self.steps = {
            self.issue: 8,
            self.revoke: 2,
            self.redeem: 3,
            self.lock: 1,
            self.let_time_pass: 1,
            self.withdraw: 0.25,
            self.retire: 0.25,
            self.change_recipient: 0.1,
        }

    def step(self) -> None:
        (act,) = self.chance.choices(list(self.steps), list(self.steps.values()))
        act()

    def begin_again(self) -> None:
        """As many releases as before that a link can be issued under."""
        while len(self.releases) < MOST_OPEN:
            self.releases.append(signed_release(self.stages))
            self.packets.add(self.releases[-1].packet_id)

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
        assert answer.status_code == 201
        self.secrets[answer.get_json()["id"]] = answer.get_json()["url"].partition("#")[2]

    def revoke(self) -> None:
        for link_id, _ in self.some_link():
            self.api.coordinator.post(f"/links/{link_id}/revoke")

    def redeem(self) -> None:
        for link_id, secret in self.some_link():
            challenge = self.api.anyone.post("/redeem/challenge", {"secret": secret})
            if challenge.status_code == 200:
                body = {"secret": secret, "challenge_id": challenge.get_json()["challenge_id"], "passcode": PASSCODE}
                redeemed = self.api.anyone.post("/redeem", body)
                assert redeemed.status_code == 200
                self.take_ticket(link_id, Caller(self.api.app, redeemed.get_json()["access_token"]))

    def take_ticket(self, link_id: str, recipient: Caller) -> None:
        url = recipient.post("/redeemed/archive/ticket").get_json()["url"]
        self.tickets[url.removeprefix(PUBLIC_URL)] = link_id

    def links_of_working_tickets(self) -> set[str]:
        client = self.api.app.test_client()
        return {
            link_id
            for path, link_id in self.tickets.items()
            if client.head(path, base_url=PUBLIC_URL).status_code == 200
        }

    def lock(self) -> None:
        for _, secret in self.some_link():
            self.stages.execute("UPDATE links SET wrong_answers = 20 WHERE secret_hash = ?", token_hash(secret))

    def let_time_pass(self) -> None:
        self.stages.clock.advance(timedelta(hours=self.chance.randint(1, 8)))

    def withdraw(self) -> None:
        self.api.coordinator.post(f"/releases/{self.ended().id}/withdraw")
        self.begin_again()

    def retire(self) -> None:
        self.api.coordinator.post(f"/packets/{self.ended().packet_id}/retire")
        self.begin_again()

    def change_recipient(self) -> None:
        """Everything that was released names somebody else now."""
        known = self.stages.recipient
        body = {name: getattr(known, name) for name in ("name", "organization", "specialty")}
        body |= {"kind": known.kind.value, "email": f"{uuid4()}@review.test"}
        assert self.api.coordinator.put(f"/recipients/{known.id}", body).status_code == 200
        self.releases.clear()
        self.begin_again()

    def ended(self) -> Release:
        return self.releases.pop(self.chance.randrange(len(self.releases)))

    def some_link(self) -> list[tuple[str, str]]:
        return self.chance.choices(list(self.secrets.items())) if self.secrets else []

    def listed(self) -> list[dict[str, Any]]:
        return [link for packet_id in self.packets for link in self.listed_of(packet_id)]

    def listed_of(self, packet_id: UUID) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        while True:
            page = self.api.coordinator.get(f"/packets/{packet_id}/links", query_string=after).get_json()
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            after = {"cursor": page["next_cursor"]}

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


@pytest.mark.parametrize(
    ("seed", "steps"),
    [(20260512, 500), (20260513, 250), pytest.param("any", 10_000, marks=pytest.mark.long)],
    indirect=["seed"],
)
def test_the_links_that_work_are_exactly_the_links_listed_as_live(api: Api, seed: int, steps: int) -> None:
    census, seen, ticketed = Census(api, seed), set(), set()
    for step in range(steps):
        census.step()
        if step % GLANCE_EVERY == 0:
            seen |= {link["state"] for release in census.releases for link in census.listed_of(release.packet_id)}
        if step % (steps // LOOKS) == steps // LOOKS - 1:
            listed = census.listed()
            assert {link["id"] for link in listed} == set(census.secrets)
            assert census.working() == {link["id"] for link in listed if link["state"] == "live"}
            by_ticket = census.links_of_working_tickets()
            assert by_ticket <= {link["id"] for link in listed if link["state"] in LETS_LEAVE}
            ticketed |= by_ticket
            seen |= {link["state"] for link in listed}
    assert ticketed
    assert seen == {state.value for state in LinkState}
