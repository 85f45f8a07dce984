"""One function a clinical verb: check the permission, lock, call the rules, write, audit."""
