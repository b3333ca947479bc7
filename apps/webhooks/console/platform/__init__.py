"""Users, their connections and events, and the sandbox to try them out with."""
