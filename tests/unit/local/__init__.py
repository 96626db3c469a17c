"""The local parts as far as they can be seen without starting one."""
