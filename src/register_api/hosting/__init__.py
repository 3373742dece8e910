"""What a host of files has to be told to answer as the service does, and whether any host does so."""
