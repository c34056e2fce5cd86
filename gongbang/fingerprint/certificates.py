"""A certificate without its key, number and dates: what two clusters' certificates have in common."""

from __future__ import annotations


def described(pem: str) -> str:
    """Subject, issuer, names, usages and lifetime (whole days) of a certificate in PEM, in one line."""
    from cryptography import x509

    found = x509.load_pem_x509_certificate(pem.encode())
    days = round((found.not_valid_after_utc - found.not_valid_before_utc).total_seconds() / 86400)
    names: list[str] = []
    usages: list[str] = []
    for extension in found.extensions:
        value = extension.value
        if isinstance(value, x509.SubjectAlternativeName):
            names = sorted(str(entry.value) for entry in value)
        elif isinstance(value, x509.ExtendedKeyUsage):
            usages = sorted(usage.dotted_string for usage in value)
    return (
        f"{found.subject.rfc4514_string()} by {found.issuer.rfc4514_string()}, {days} days,"
        f" names {' '.join(names) or 'none'}, usages {' '.join(usages) or 'none'}"
    )
