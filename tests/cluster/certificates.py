"""Reads certificates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """What the checks ask of a certificate."""

    subject: str
    days_left: float
    names: frozenset[str]
    parsed: x509.Certificate

    def signed_by(self, authority: Certificate) -> bool:
        """Whether the authority's key made this certificate's signature."""
        try:
            self.parsed.verify_directly_issued_by(authority.parsed)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def read(pem: str) -> Certificate:
    """One certificate from its PEM text."""
    parsed = x509.load_pem_x509_certificate(pem.encode())
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = frozenset(str(entry.value) for entry in extension)
    except x509.ExtensionNotFound:
        names = frozenset()
    left = parsed.not_valid_after_utc - datetime.now(UTC)
    return Certificate(parsed.subject.rfc4514_string(), left.total_seconds() / 86400, names, parsed)


def kubelet_request(node: str, address: str) -> str:
    """The PEM text of a node's request for a serving certificate with an address; its key is thrown away."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:nodes"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"system:node:{node}"),
        ]
    )
    names = x509.SubjectAlternativeName([x509.DNSName(node), x509.IPAddress(ip_address(address))])
    builder = (
        x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(names, critical=False)
    )
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()
