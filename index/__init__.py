"""Article to searchable, versioned, crash-safe index on disk. Imports nothing else of ours."""
