"""Pictures in bulk: what a corpus' picture bytes are looked up by."""
