"""Who is calling: a credential becomes an Actor, on every request anew; nothing about callers is cached."""
