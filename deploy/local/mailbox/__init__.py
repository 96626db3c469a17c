"""A real SMTP server that delivers to nobody, and a page that shows what it got."""
