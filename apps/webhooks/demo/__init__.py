"""The demo and the developer's stage: the whole service on one machine, watched."""
