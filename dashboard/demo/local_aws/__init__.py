"""The local AWS: a process of its own that answers as AWS does, for as many accounts as one likes."""
