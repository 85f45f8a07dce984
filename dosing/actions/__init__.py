"""What happens on the ward, one function a clinical verb."""
