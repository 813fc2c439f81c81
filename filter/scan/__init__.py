"""Finding candidates: values that may be covered by an entry. Nothing is decided here."""
