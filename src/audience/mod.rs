//! How many watch: asked of the servers that know, every few seconds, and never taken for more than they say.
