"""The console's pages: HTML for people, each behind one row of one table; no page holds a rule."""

from services.console.pages.files import Files
from services.console.pages.look import Look
from services.console.pages.parts import Parts
from services.console.pages.routes import PAGES, routes

__all__ = ["PAGES", "Files", "Look", "Parts", "routes"]
