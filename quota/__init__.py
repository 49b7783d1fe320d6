"""Results become Kubernetes quotas. Empty until plan, gates, actuators and verifier arrive."""
