"""The only role that signs: from the edited source to finished artefacts."""
