"""What the console does in a transaction: hear events, look at today, keep sessions; it commands nobody from here."""
