"""Settings of all tests: nothing is judged by how long it takes, these machines are noisy."""

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
