"""The story's end in plain lines: numbers counted twice, the checks, where to look and whom to sign in as."""

from collections.abc import Iterator
from datetime import datetime

from deploy.local.platform import Platform
from deploy.local.saying import Say
from deploy.story.checks import Seen

_WIDTH = 36


def say_numbers(seen: Seen, say: Say) -> None:
    """Every number from the databases and from the topics, side by side."""
    say("")
    say(f"  {'':<{_WIDTH}} {'databases':>9} {'topics':>9}")
    for kind, held in seen.databases.items():
        said = seen.topics[kind]
        say(_line(kind, sum(held.values()), sum(said.values())))
        names = sorted(held.keys() | said.keys())
        for name in names if len(names) > 1 else ():
            say(_line(f"  {name.partition(': ')[2]}", held.get(name, 0), said.get(name, 0)))
    say(f"  {'mails in the mailbox':<{_WIDTH}} {seen.mails:>9}")


def _line(name: str, held: int, said: int) -> str:
    sign = "" if held == said else "   ✗ differ"
    return f"  {name:<{_WIDTH}} {held:>9} {said:>9}{sign}"


def say_checks(seen: Seen, say: Say) -> bool:
    """Every check with what it saw; whether all hold."""
    say("")
    for check in seen.checks:
        say(f"  {'✓' if check.holds else '✗'} {check.name + ':':<14} {check.sentence}")
    failed = [check.name for check in seen.checks if not check.holds]
    if failed:
        say(f"\n✗ These checks do not hold: {', '.join(failed)}.")
    return not failed


def say_where(platform: Platform, now: datetime, say: Say, *, stays: bool) -> None:
    """What time it is there, where to look, and whom to sign in as; addresses only if they answer when it is read."""
    say("")
    for line in (*(_addresses(platform, now) if stays else _way_back(now)), *_people(platform)):
        say(line)


def _addresses(platform: Platform, now: datetime) -> Iterator[str]:
    yield f"  Time        {_words(now)}; from here it goes on as real time does, while this stays up"
    yield f"  Look at     {platform.addresses.console or '(no console)'}  the console"
    yield f"              {platform.mailbox.url}  every mail that was sent"
    yield f"              {platform.addresses.issuer}  the issuer; `osler token rosa` gives a token for an interface"
    yield "              osler events tail osler.pairing --from-start  the events of a topic, as JSON"
    yield "              osler status  every address; osler status --secrets  the database's and Kafka's administrators"
    yield "              (osler is .venv/bin/osler: `source .venv/bin/activate` puts it on the path)"


def _way_back(now: datetime) -> Iterator[str]:
    yield f"  Time        {_words(now)}; there it stands until you come back"
    yield "  Look at it  .venv/bin/osler demo --stay  starts all of it again on this data and says where everything is"


def _people(platform: Platform) -> Iterator[str]:
    yield "  Sign in as"
    for persona in platform.personas.everybody():
        yield f"    {persona.key:<12} {persona.name}, {persona.role}, {persona.institution}"
        if persona.sees:
            yield f"    {'':<12} {persona.sees}"


def _words(now: datetime) -> str:
    return f"{now:%A %d %B %Y, %H:%M} UTC"
