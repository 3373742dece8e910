"""What programs that answer forms of people have in common: pages' headers, forms, limits, one database."""
