"""What publishing now would show, served to the publisher alone; nothing is published, no key is opened."""
