"""Mail that people get from Osler: each once, in their words and their time, or a record of why not."""
