"""Every SQL statement of the directory; one function, one statement."""
