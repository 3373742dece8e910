"""The page on which people work the inbox: who may ask, what is shown, what is decided."""
