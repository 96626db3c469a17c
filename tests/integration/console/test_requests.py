"""Looking for a mentor, and being asked, with a real pairing behind the pages."""

import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts.directory import AgreementEnded, AgreementSigned, PersonErased, ProfileChanged
from shared.testing.running import Running
from tests.integration.console.behind import overhear, tell, words_of
from tests.integration.console.consortium import NOW, Hospital, Person
from tests.integration.console.front import Front

pytestmark = pytest.mark.timeout(120)

_DAYS = timedelta(days=1)


@dataclass
class Scene:
    """A hospital whose mentee looks for a mentor, another that lends it one, and pairing behind the pages."""

    front: Front
    pairing: Running
    home: Hospital
    lender: Hospital
    agreement_id: UUID
    mentee: Person
    own: Person
    lent: Person
    unshared: Person

    async def page(self, person: Person, address: str) -> str:
        """A page, as this person reads it."""
        answer = await self.front.look(await self.front.let_in(person), address)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.text

    async def ask(self, *mentors: Person) -> None:
        """The mentee asks these mentors; the console hears of it."""
        fields: dict[str, Any] = {
            f"mentor-{rank}": str(mentor.person_id) for rank, mentor in enumerate(mentors, start=1)
        }
        cookie = await self.front.let_in(self.mentee)
        answer = await self.front.press(cookie, "/requests", key=uuid4().hex, **fields)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/requests"), answer.text
        await overhear(self.front, self.pairing)

    async def choice_of(self, mentor: Person) -> str:
        """Where the request stands that asks a mentor, by the link on their Today."""
        (address,) = set(re.findall(r'href="(/asked/[0-9a-f-]{36})"', await self.page(mentor, "/today")))
        return address


@pytest.fixture
async def scene(front: Front, pairing: Running) -> Scene:
    home, lender = Hospital("Home hospital"), Hospital("Lending hospital")
    mentee = home.person("Noa Levi", "mentee")
    own = home.person("Dr Own", "mentor", places=2)
    lent = lender.person("Dr Lent", "mentor", places=2, shared_places=1)
    unshared = lender.person("Dr Unshared", "mentor", places=2)
    agreement_id = uuid4()
    lender.say(
        AgreementSigned,
        home.institution_id,
        agreement_id=agreement_id,
        lender_institution_id=lender.institution_id,
        borrower_institution_id=home.institution_id,
        starts_at=NOW - 90 * _DAYS,
        ends_at=NOW + 90 * _DAYS,
        notice_days=30,
    )
    own.hospital.say(
        ProfileChanged,
        person_id=own.person_id,
        institution_id=home.institution_id,
        languages=("pl", "pt-BR"),
        time_zone="UTC",
    )
    await tell(front, pairing, *home.said, *lender.said)
    await pairing.fire()
    return Scene(front, pairing, home, lender, agreement_id, mentee, own, lent, unshared)


async def test_a_mentee_sees_own_and_shared_mentors_with_places_and_languages(scene: Scene) -> None:
    text = words_of(await scene.page(scene.mentee, "/requests"))
    assert "Dr Own not said 2 pl, pt-BR not said Add: Dr Own" in text
    assert "Dr Lent Lending hospital not said 1 not said not said Add: Dr Lent" in text
    assert "Dr Unshared" not in text


async def test_wishes_stand_in_the_address_in_their_order(scene: Scene) -> None:
    page = await scene.page(scene.mentee, "/requests")
    for mentor in (scene.own, scene.lent):
        (add,) = re.findall(rf'id="add-{mentor.person_id}" href="([^"]+)"', page)
        page = await scene.page(scene.mentee, add.replace("&amp;", "&"))
    assert "1. Dr Own Take off: Dr Own 2. Dr Lent Lending hospital Earlier" in words_of(page)
    earlier = re.findall(r'href="([^"]+)">Earlier', page)
    page = await scene.page(scene.mentee, earlier[0])
    assert re.findall(r'name="mentor-(\d)" value="([^"]+)"', page) == [
        ("1", str(scene.lent.person_id)),
        ("2", str(scene.own.person_id)),
    ]
    for odd in ("x", f"{uuid4()},x", ",".join(str(uuid4()) for _ in range(6))):
        cookie = await scene.front.let_in(scene.mentee)
        assert (await scene.front.look(cookie, f"/requests?wish={odd}")).status_code == HTTPStatus.NOT_FOUND


async def test_the_mentee_sees_who_is_asked_and_until_when_and_the_mentor_nothing_of_the_others(scene: Scene) -> None:
    await scene.ask(scene.lent, scene.own)
    page = await scene.page(scene.mentee, "/requests")
    assert "Dr Lent is asked now" in words_of(page)
    assert "Thu 7 Jan, 04:00 EST" in page
    assert "Not asked yet" in page
    today = words_of(await scene.page(scene.mentee, "/today"))
    assert "Dr Lent, Lending hospital, has not answered yet" in today
    asked = await scene.page(scene.lent, await scene.choice_of(scene.lent))
    assert "Noa Levi asks you to be a mentor" in words_of(asked)
    assert "Dr Own" not in asked
    assert "One thing waits for you" in await scene.page(scene.lent, "/today")


async def test_not_now_asks_the_next_and_says_to_nobody_why(scene: Scene) -> None:
    await scene.ask(scene.own, scene.lent)
    address = await scene.choice_of(scene.own)
    cookie = await scene.front.let_in(scene.own)
    page = await scene.page(scene.own, address)
    (seen,) = set(re.findall(r'name="seen" value="([^"]+)"', page))
    seen = seen.replace("&#34;", '"')
    answer = await scene.front.press(
        cookie, f"{address}/decline", seen=seen, reason="workload", close_intake="yes", key="declining"
    )
    assert (answer.status_code, answer.cookies["osler_said"]) == (303, "not_now.soon")
    await overhear(scene.front, scene.pairing)
    assert "Nobody else reads why" in await scene.page(scene.own, address)
    assert "You take nobody new" in await scene.page(scene.own, "/asked")
    page = await scene.page(scene.mentee, "/requests")
    assert "Dr Lent is asked now" in words_of(page)
    assert "Not now" in page
    assert "Too much work" not in page
    late = await scene.front.press(cookie, f"{address}/accept", seen=seen, key="late")
    assert late.status_code == HTTPStatus.CONFLICT
    assert "Nothing was changed" in late.text or "You changed nothing" in late.text


async def test_a_yes_begins_a_pair(scene: Scene) -> None:
    await scene.ask(scene.lent)
    address = await scene.choice_of(scene.lent)
    cookie = await scene.front.let_in(scene.lent)
    page = await scene.page(scene.lent, address)
    (seen,) = set(re.findall(r'name="seen" value="([^"]+)"', page))
    answer = await scene.front.press(cookie, f"{address}/accept", seen=seen.replace("&#34;", '"'))
    assert (answer.headers["location"], answer.cookies["osler_said"]) == ("/today", "accept.soon")
    await overhear(scene.front, scene.pairing)
    assert "A mentor said yes" in await scene.page(scene.mentee, "/requests")
    assert "/asked/" not in await scene.page(scene.lent, "/today")


async def test_a_request_is_withdrawn_and_asks_nobody_any_more(scene: Scene) -> None:
    await scene.ask(scene.own)
    page = await scene.page(scene.mentee, "/requests")
    (address,) = re.findall(r'action="(/requests/[^"]+/withdraw)"', page)
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', page)
    cookie = await scene.front.let_in(scene.mentee)
    stale = await scene.front.press(cookie, address, seen='"999"', key="stale")
    assert stale.status_code == HTTPStatus.CONFLICT
    assert "Look again, then press" in stale.text
    answer = await scene.front.press(cookie, address, seen=seen.replace("&#34;", '"'))
    assert answer.cookies["osler_said"] == "request_withdrawn"
    await overhear(scene.front, scene.pairing)
    assert "It was withdrawn" in await scene.page(scene.mentee, "/requests")
    assert "/asked/" not in await scene.page(scene.own, "/today")


async def test_a_refusal_keeps_the_wishes_and_says_what_stands_in_the_way(scene: Scene) -> None:
    cookie = await scene.front.let_in(scene.mentee)
    wished: dict[str, Any] = {"mentor-1": str(scene.own.person_id), "mentor-2": str(scene.unshared.person_id)}
    answer = await scene.front.press(cookie, "/requests", **wished)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "One of these mentors cannot be asked" in answer.text
    assert re.findall(r'name="mentor-(\d)" value="([^"]+)"', answer.text) == [
        ("1", wished["mentor-1"]),
        ("2", wished["mentor-2"]),
    ]
    await scene.ask(scene.own)
    again = await scene.front.press(cookie, "/requests", key="again", **wished)
    assert "You have an open request already" in again.text


async def test_intake_is_opened_again(scene: Scene) -> None:
    cookie = await scene.front.let_in(scene.own)
    for act, says in (("close", "You take nobody new"), ("open", "You take mentees")):
        answer = await scene.front.press(cookie, f"/intake/{act}", key=act)
        assert answer.cookies["osler_said"] == f"intake_{act}"
        assert says in await scene.page(scene.own, "/asked")


async def test_a_request_to_somebody_else_is_nobodys_page(scene: Scene) -> None:
    await scene.ask(scene.lent)
    address = await scene.choice_of(scene.lent)
    stranger = await scene.front.let_in(scene.own)
    assert (await scene.front.look(stranger, address)).status_code == HTTPStatus.NOT_FOUND
    for act in ("accept", "decline"):
        answer = await scene.front.press(stranger, f"{address}/{act}", reason="")
        assert answer.status_code == HTTPStatus.NOT_FOUND


async def _names(scene: Scene, viewer: Person, *people: Person) -> list[str | None]:
    async with scene.front.console.app.transaction(viewer.hospital.institution_id, viewer.person_id) as tx:
        rows = await tx.fetch(
            "SELECT name FROM name_people($1, $2) ORDER BY name", [one.person_id for one in people], tx.now
        )
    return [row["name"] for row in rows]


async def test_who_somebody_is_is_told_to_their_own_to_borrowers_and_between_who_asks_and_is_asked(
    scene: Scene,
) -> None:
    everybody = (scene.mentee, scene.own, scene.lent, scene.unshared)
    colleague = scene.lender.person("Dr Colleague", "mentor")
    await scene.front.console.deliver(*scene.lender.said)
    assert await _names(scene, scene.mentee, *everybody) == ["Dr Lent", "Dr Own", "Noa Levi"]
    assert await _names(scene, scene.lent, *everybody) == ["Dr Lent", "Dr Unshared"]  # nobody of the borrower's
    await scene.ask(scene.lent)
    assert await _names(scene, scene.lent, scene.mentee) == ["Noa Levi"]
    assert await _names(scene, colleague, scene.mentee) == []
    ended = scene.lender.say(
        AgreementEnded,
        scene.home.institution_id,
        agreement_id=scene.agreement_id,
        lender_institution_id=scene.lender.institution_id,
        borrower_institution_id=scene.home.institution_id,
        reason="mutual",
    )
    await scene.front.console.deliver(ended)
    assert await _names(scene, scene.own, scene.lent) == []
    assert await _names(scene, scene.mentee, scene.lent) == ["Dr Lent"]  # whom she asked


async def test_a_shared_mentor_is_named_until_the_agreements_last_instant_whatever_was_heard(scene: Scene) -> None:
    async with scene.front.console.app.transaction(scene.home.institution_id, scene.own.person_id) as tx:
        for at, names in ((NOW + 90 * _DAYS - timedelta(microseconds=1), 1), (NOW + 90 * _DAYS, 0)):
            rows = await tx.fetch("SELECT name FROM name_people($1, $2)", [scene.lent.person_id], at)
            assert len(rows) == names


async def test_an_erased_person_has_no_name_where_they_are_asked(scene: Scene) -> None:
    await scene.ask(scene.own)
    erased = scene.home.say(PersonErased, person_id=scene.own.person_id, institution_id=scene.home.institution_id)
    await scene.front.console.deliver(erased)
    assert await _names(scene, scene.mentee, scene.own) == [None]
    today = words_of(await scene.page(scene.mentee, "/today"))
    assert "A mentor whose name is not shown here has not answered yet" in today


async def test_a_redelivered_request_asks_once_and_a_choice_that_was_never_asked_is_nowhere(scene: Scene) -> None:
    await scene.ask(scene.own, scene.lent)
    await overhear(scene.front, scene.pairing)
    rows = await scene.front.console.rows("SELECT state FROM choices WHERE mentee_id = $1", scene.mentee.person_id)
    assert [row["state"] for row in rows] == ["asked"]
