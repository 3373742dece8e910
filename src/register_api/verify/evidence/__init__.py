"""Evidence of a version, and proof of notice: single files that are verified offline."""
