//! The relay: a small media server inside the studio. Whoever is allowed to watches in a browser or a player; other rigs may
//! hand their shows in.
