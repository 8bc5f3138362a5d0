//! Who asks: passwords, sessions, tokens, and machines keys.
