"""What the console decides without a database: words, time, access, sign-in, live pages."""
