"""Somebody at a browser: signs in as a persona, and notes whatever the page complains of."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from shared.testing.eventually import eventually
from tests.e2e.console.town import Town

Look = tuple[int, Literal["light", "dark"]]
LOOKS: Final[Sequence[Look]] = [(width, scheme) for width in (1280, 390, 320) for scheme in ("light", "dark")]
OUTERMOST: Final[Sequence[Look]] = [(1280, "dark"), (320, "light")]

_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_REPORT: Final = """
addEventListener("securitypolicyviolation", (event) => {
  console.error("policy " + event.violatedDirective + " " + event.blockedURI);
});
"""
_SIDEWAYS: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Whatever is wider than its own box and not meant to scroll; hidden words for screen readers are one pixel on purpose.
_CUT: Final = """
[...document.querySelectorAll("main *, header.bar *")].filter((each) => {
  const style = getComputedStyle(each);
  if (style.display === "inline" || !each.getClientRects().length) return false;
  if (each.closest(".vh, svg, .table-wrap")) return false;
  return each.scrollWidth > each.clientWidth + 1 || each.getBoundingClientRect().right > innerWidth + 1;
}).map((each) => each.outerHTML.slice(0, 120))
"""


@dataclass
class Sight:
    """A page in a browser, and what was noted about it."""

    page: Page
    complaints: list[str] = field(default_factory=list[str])
    hosts: set[str] = field(default_factory=set[str])

    def take_notes(self, *, but_of: str = "-") -> None:
        """Note from now on what the page complains of, and which hosts it asks."""

        def note(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not self.page.url.startswith(but_of):
                self.complaints.append(message.text)

        def see(request: Request) -> None:
            self.hosts.add("/".join(request.url.split("/")[:3]))

        self.page.on("console", note)
        self.page.on("request", see)

    async def look(self, width: int, scheme: Literal["light", "dark"]) -> None:
        """The same page on a screen this wide, by day or by night."""
        await self.page.set_viewport_size({"width": width, "height": 780})
        # With motion, colours fade from one scheme to the other, and would be judged on the way.
        await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    async def axe(self) -> list[str]:
        """What axe-core finds: the rule and the first element, one line each."""
        if not await self.page.evaluate("'axe' in window"):  # by the debugger's door, which no policy binds
            script = resources.files("axe_playwright_python") / "axe.min.js"
            await self.page.evaluate(script.read_text(encoding="utf-8"))
        # Every rule looks at every element; but only of what violates one is each element told, with a selector made.
        options: dict[str, Any] = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
        found = await self.page.evaluate("(options) => axe.run(document, options)", options)
        assert len(found["passes"]) > 20, "axe looked at next to nothing"
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]

    async def cut_off(self) -> list[str]:
        """What does not fit, with how far the whole page scrolls sideways."""
        sideways: int = await self.page.evaluate(_SIDEWAYS)
        cut: list[str] = await self.page.evaluate(_CUT)
        return cut + ([f"the page is {sideways} px too wide"] if sideways else [])

    async def is_open(self, looks: Sequence[Look]) -> None:
        """Nothing for axe to find, and nothing cut off, in each of these looks."""
        for width, scheme in looks:
            await self.look(width, scheme)
            found = await self.axe()
            assert found == [], (self.page.url, width, scheme, found)
            cut = await self.cut_off()
            assert cut == [], (self.page.url, width, scheme, cut)

    async def shows(self, selector: str) -> None:
        """Reload until it is there: the page without a script knows no other way."""

        async def there() -> bool:
            if await self.page.locator(selector).count():
                return True
            await self.page.reload()
            return False

        await eventually(there, within=10.0, every=0.2)


@dataclass
class Visit(Sight):
    """One persona's page, in a town."""

    town: Town = field(kw_only=True)

    async def sign_in(self, persona: str, *, arrives: str = "/today") -> None:
        """From the first page to Today, by way of the issuer."""
        await self.page.goto(self.town.console)
        await self.page.get_by_role("button", name="Sign in with your hospital").click()
        await self.page.locator(f'button[value="{persona}"]').click()
        await self.page.wait_for_url(f"{self.town.console}{arrives}**")


@asynccontextmanager
async def visiting(town: Town, browser: Browser, persona: str | None = None, **options: Any) -> AsyncGenerator[Visit]:
    """A fresh browser window, signed in where a persona is named."""
    async with window(browser, **options) as context:
        visit = Visit(await context.new_page(), town=town)
        # The issuer is another program: what its pages complain of is not ours.
        visit.take_notes(but_of=town.issuer)
        if persona:
            await visit.sign_in(persona)
        yield visit


@asynccontextmanager
async def window(browser: Browser, **options: Any) -> AsyncGenerator[BrowserContext]:
    """A fresh browser window, with nobody's cookies, whose pages report what their policy stopped."""
    size: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
    context = await browser.new_context(**(size | options))
    try:
        await context.add_init_script(_REPORT)
        yield context
    finally:
        await context.close()
