"""What a publisher derived, judged from the registers alone (docs/format/judging.md)."""
