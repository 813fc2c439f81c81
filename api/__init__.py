"""How people reach optout: command line, HTTP API, and pages for creators."""
