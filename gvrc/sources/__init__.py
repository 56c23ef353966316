"""What comes in: lists in JSON, JSON Lines and CSV, recognised by their content and read as a stream."""
