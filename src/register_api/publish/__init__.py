"""The publisher: from the edited source to signed artefacts. No other part signs."""
