"""One module for each thing outside: the object store, the database, keys, mail, the clock."""
