"""Every SQL statement of the console, one function each: what was heard, what is shown, who is signed in."""
