"""Every service that holds something of people, when one of them is erased."""
