"""The fingerprint: the state of hosts and cluster that gongbang owns, and what differs between two captures.

Ansible's own "changed" counts what modules say of themselves; the fingerprint looks at the world instead.
"""

from gongbang.fingerprint.capture import capture
from gongbang.fingerprint.compare import differences

__all__ = ["capture", "differences"]
