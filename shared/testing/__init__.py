"""What tests share: builders, fixtures and patience; nothing here ships."""
