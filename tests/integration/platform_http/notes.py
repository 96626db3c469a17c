"""A small service behind the real edge: notes of an institution, and operations that go wrong in every way."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from shared.contracts.pairing import PairActivated
from shared.contracts.policy import Policy
from shared.platform import outbox
from shared.platform.database import Transaction
from shared.platform.errors import Conflict, NotFound, NotYet
from shared.platform.http import Form, IfMatch, Line, Listing, Me, Now, Page, RawBody, Routes, Tx, problems

SCHEMA: Final = """
CREATE TABLE notes (
    note_id uuid PRIMARY KEY,
    institution_id uuid NOT NULL,
    person_id uuid NOT NULL,
    body text NOT NULL,
    revision bigint NOT NULL DEFAULT 1
);
CALL wall_by('notes', 'institution_id');
GRANT SELECT, INSERT, UPDATE ON notes TO pairing_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO pairing_worker;

-- What can only fail at COMMIT, and a connection that is lost in the middle of it.
CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.body = 'fails at commit' THEN
        RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation';
    ELSIF NEW.body = 'dies at commit' THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(1);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION at_commit();
"""

POLICY: Final = Policy.model_validate(
    {
        "services": {
            "pairing": {
                "write_note": {"mentor": "own", "administrator": "institution"},
                "write_note_then": {"mentor": "own", "administrator": "institution"},
                "read_note": {"mentor": "own", "mentee": "own", "administrator": "institution"},
                "change_note": {"mentor": "own", "administrator": "institution"},
                "list_notes": {"mentor": "own", "administrator": "institution"},
                "list_all": {"consortium_administrator": "consortium"},
                "look_and_write": {"mentor": "own"},
                "take_file": {"mentor": "own"},
                "ring": {"mentor": "own", "administrator": "institution"},
            }
        }
    }
)


class NoteNotFound(NotFound):
    """There is no such note, or it is not yours to see."""


class NoteRefused(Conflict):
    """This note is not wanted."""


class NoteForm(Form):
    body: Line
    count: Annotated[int, Field(ge=0)] = 0
    reason: Line | None = None


class NoteView(BaseModel):
    """A note."""

    note_id: UUID
    body: str
    revision: int


class Behaviour:
    """What `write_note_then` does after it has written; a test sets it, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.then: Callable[[Transaction], Awaitable[None]] | None = None

    async def go_on(self, tx: Transaction) -> None:
        self.calls += 1
        if self.then is not None:
            await self.then(tx)


def make_routes(behaviour: Behaviour) -> Routes:
    """The operations, with the behaviour that one test wants."""
    routes = Routes("pairing")
    _declare_changes(routes, behaviour)
    _declare_look_ups(routes)
    return routes


def _declare_changes(routes: Routes, behaviour: Behaviour) -> None:
    @routes.post("/notes", status_code=201, responses=problems(NoteRefused))
    async def write_note(form: NoteForm, me: Me, tx: Tx) -> NoteView:
        """Write a note."""
        behaviour.calls += 1
        return await _write(tx, me.institution_id, me.person_id, form.body)

    @routes.post("/notes-then", status_code=201)
    async def write_note_then(form: NoteForm, me: Me, tx: Tx, now: Now) -> NoteView:
        """Write a note, tell of it, and then whatever the test wants."""
        view = await _write(tx, me.institution_id, me.person_id, form.body)
        await outbox.publish(
            tx,
            PairActivated(
                version=1,
                occurred_at=now,
                institution_ids=(me.institution_id,),
                pair_id=view.note_id,
                mentor_id=me.person_id,
                mentee_id=me.person_id,
                mentor_institution_id=me.institution_id,
                mentee_institution_id=me.institution_id,
            ),
        )
        await behaviour.go_on(tx)
        return view

    @routes.put("/notes/{note_id}", responses=problems(NoteNotFound))
    async def change_note(note_id: UUID, form: NoteForm, tx: Tx, if_match: IfMatch) -> NoteView:
        """Change a note."""
        row = await tx.find("SELECT revision FROM notes WHERE note_id = $1 FOR UPDATE", note_id)
        if row is None:
            raise NoteNotFound
        if_match.check(row["revision"])
        changed = await tx.get(
            "UPDATE notes SET body = $2, revision = revision + 1 WHERE note_id = $1 RETURNING note_id, body, revision",
            note_id,
            form.body,
        )
        return NoteView(**changed)

    @routes.post("/bells", status_code=204)
    async def ring(me: Me) -> None:
        """Take no body."""

    @routes.post("/files", status_code=200, accepts=("text/csv",), max_body_bytes=2000)
    async def take_file(me: Me, file: RawBody) -> int:
        """Count a file's bytes."""
        return len(file)


def _declare_look_ups(routes: Routes) -> None:
    @routes.get("/notes/{note_id}", responses=problems(NoteNotFound))
    async def read_note(note_id: UUID, tx: Tx) -> NoteView:
        """Read a note."""
        row = await tx.find("SELECT note_id, body, revision FROM notes WHERE note_id = $1", note_id)
        if row is None:
            raise NoteNotFound
        return NoteView(**row)

    @routes.get("/notes")
    async def list_notes(tx: Tx, page: Page) -> Listing[NoteView]:
        """All notes that you may see."""
        after = page.position(UUID)
        rows = await tx.fetch(
            "SELECT note_id, body, revision FROM notes WHERE note_id > $1 ORDER BY note_id LIMIT $2",
            after[0] if after else UUID(int=0),
            page.limit + 1,
        )
        return page.listing([NoteView(**row) for row in rows], lambda note: (note.note_id,))

    @routes.get("/all")
    async def list_all(me: Me) -> None:
        """Only for the consortium."""

    @routes.get("/look-and-write")
    async def look_and_write(me: Me, tx: Tx) -> None:
        """A look-up with a bug."""
        tx.later("UPDATE notes SET body = 'changed' WHERE person_id = $1", me.person_id)


async def _write(tx: Transaction, institution_id: UUID, person_id: UUID, body: str) -> NoteView:
    note_id = uuid4()
    await tx.execute(
        "INSERT INTO notes (note_id, institution_id, person_id, body) VALUES ($1, $2, $3, $4)",
        note_id,
        institution_id,
        person_id,
        body,
    )
    match body:
        case "refused":
            raise NoteRefused
        case "not yet":
            raise NotYet
        case "bug":
            raise RuntimeError(body)
        case _:
            return NoteView(note_id=note_id, body=body, revision=1)
