"""Kubernetes lab automation: the Python layer around Ansible, Docker and the bundle."""

__version__ = "0.1.0"
