"""The looks of every page: those that are published and those that the service makes."""
