"""The fingerprint: the state of hosts and cluster that gongbang owns, and what differs between two captures.

Ansible's own "changed" counts what modules say of themselves; the fingerprint looks at the world instead. A capture as
it is compares a cluster with itself (identity); its `content` compares two clusters made from the same inventory.
"""

from gongbang.fingerprint.capture import capture
from gongbang.fingerprint.compare import differences
from gongbang.fingerprint.view import content

__all__ = ["capture", "content", "differences"]
