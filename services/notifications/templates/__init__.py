"""The words of every mail, by language, and the two forms a letter takes; no rule lives here."""
