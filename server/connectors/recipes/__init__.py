"""One recipe a site; each says what it was last seen working on."""
