"""The Meeting Buddy dialect: bots as that API's clients know them, under `/v1/meeting-buddy`."""
