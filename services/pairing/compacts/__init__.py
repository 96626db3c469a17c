"""The words that every compact carries, by language and version; what was signed once is never edited."""
