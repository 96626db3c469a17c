"""The demo: twelve weeks of a consortium, lived through in stepped time on the real platform."""
